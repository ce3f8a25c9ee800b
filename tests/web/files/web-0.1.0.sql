-- The database of the dashboard as renkei 0.1.0 left it; the password is set by the test.
create table users (
  id integer primary key, name text not null unique collate nocase, role text not null,
  password text, subject text unique, disabled integer not null default 0, language text,
  created_at real not null,
  waiting integer not null as (password is null and subject is null)
);
create table invitations (
  secret text primary key, user_id integer not null references users, expires_at real not null
);
create table sessions (
  secret text primary key, user_id integer not null references users, csrf text not null,
  created_at real not null, seen_at real not null
);
create table tries (name text not null, address text not null, at real not null);
create table places (
  user_id integer not null references users, address text not null, primary key (user_id, address)
);
create table workers (run text primary key, pid integer not null, started real not null);
create table drafts (
  user_id integer not null references users, run text not null, document text not null,
  primary key (user_id, run)
);
insert into users (id, name, role, language, created_at) values
  (1, 'admin', 'admin', 'en', 1790000000.0),
  (2, 'Hanako', 'viewer', null, 1790000000.0);
insert into invitations values ('0b1c', 2, 1790000000.0);
insert into places values (1, '127.0.0.1');
insert into workers values ('1', 4711, 1790000000.0);
insert into drafts values (1, '1', '{"revision": 3, "numbers": ["0001"], "new": {}, "rows": {}}');
pragma user_version = 1;
