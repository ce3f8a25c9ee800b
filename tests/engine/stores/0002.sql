BEGIN TRANSACTION;
CREATE TABLE alembic_version (version_num varchar(32) not null, constraint alembic_version_pkc primary key (version_num));
INSERT INTO "alembic_version" VALUES('0002');
CREATE TABLE items (
	run_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	number TEXT, 
	name TEXT NOT NULL, 
	difference VARCHAR(10) NOT NULL, 
	source_id TEXT NOT NULL, 
	target_id TEXT, 
	reasons JSON NOT NULL, 
	notes JSON NOT NULL, 
	payload TEXT, 
	selected BOOLEAN NOT NULL, 
	new_values JSON, 
	outcome VARCHAR(20), 
	outcome_reason JSON, 
	detail TEXT, 
	CONSTRAINT pk_items PRIMARY KEY (run_id, position), 
	CONSTRAINT fk_items_run_id_runs FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO "items" VALUES(1,1,'001','佐倉 みなと','new','id-1',NULL,'[]','[]','{"search":"001\n佐倉ミナト\nサクラ","kana":"サクラ","read":{"badge":"001","surname":"佐倉","first":"みなと","reading":"サクラ","born":{"date":"1990-04-01"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"sakura@example.jp","beds":3,"night":true,"grade":"senior"},"before":null,"after":{"id_no":"001","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[["id_no",null,"001"],["family",null,"佐倉"],["given",null,"みなと"],["kana",null,"サクラ"],["dob",null,{"date":"1990-04-01"}],["start",null,{"date":"2020-04-01"}],["email",null,"sakura@example.jp"],["capacity",null,3],["nights",null,true],["rank",null,"2"]]}',1,'{"ward": ["W1", "North"]}','created','null',NULL);
INSERT INTO "items" VALUES(1,2,'002','佐倉 みなと','changed','id-2','id-1','[]','[]','{"search":"002\n佐倉ミナト\nサクラ","kana":"サクラ","read":{"badge":"002","surname":"佐倉","first":"みなと","reading":"サクラ","born":{"date":"1990-04-01"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"new@example.jp","beds":3,"night":true,"grade":"senior"},"before":{"id_no":"002","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"after":{"id_no":"002","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"new@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[["email","sakura@example.jp","new@example.jp"]]}',1,'null','failed','["refused", "email"]','だめ');
INSERT INTO "items" VALUES(1,3,'003','佐倉 みなと','new','id-3',NULL,'[]','[]','{"search":"003\n佐倉ミナト\nサクラ","kana":"サクラ","read":{"badge":"003","surname":"佐倉","first":"みなと","reading":"サクラ","born":{"date":"1990-04-01"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"sakura@example.jp","beds":3,"night":true,"grade":"senior"},"before":null,"after":{"id_no":"003","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[["id_no",null,"003"],["family",null,"佐倉"],["given",null,"みなと"],["kana",null,"サクラ"],["dob",null,{"date":"1990-04-01"}],["start",null,{"date":"2020-04-01"}],["email",null,"sakura@example.jp"],["capacity",null,3],["nights",null,true],["rank",null,"2"]]}',1,'{"ward": ["W1", "North"]}','unknown','["in_doubt", "timeout"]',NULL);
INSERT INTO "items" VALUES(1,4,'004','佐倉 みなと','changed','id-4','id-2','[]','[]','{"search":"004\n佐倉ミナト\nサクラ","kana":"サクラ","read":{"badge":"004","surname":"佐倉","first":"みなと","reading":"サクラ","born":{"date":"1990-04-01"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"new@example.jp","beds":3,"night":true,"grade":"senior"},"before":{"id_no":"004","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"after":{"id_no":"004","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"new@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[["email","sakura@example.jp","new@example.jp"]]}',1,'null',NULL,NULL,NULL);
INSERT INTO "items" VALUES(1,5,'005','佐倉 みなと','same','id-5','id-3','[]','[]','{"search":"005\n佐倉ミナト\nサクラ","kana":"サクラ","read":{"badge":"005","surname":"佐倉","first":"みなと","reading":"サクラ","born":{"date":"1990-04-01"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"sakura@example.jp","beds":3,"night":true,"grade":"senior"},"before":{"id_no":"005","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"after":{"id_no":"005","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[]}',0,NULL,NULL,NULL,NULL);
INSERT INTO "items" VALUES(1,6,'006','佐倉 みなと','new','id-6',NULL,'[]','[]','{"search":"006\n佐倉ミナト\nサクラ","kana":"サクラ","read":{"badge":"006","surname":"佐倉","first":"みなと","reading":"サクラ","born":{"date":"1990-04-01"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"sakura@example.jp","beds":3,"night":true,"grade":"senior"},"before":null,"after":{"id_no":"006","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[["id_no",null,"006"],["family",null,"佐倉"],["given",null,"みなと"],["kana",null,"サクラ"],["dob",null,{"date":"1990-04-01"}],["start",null,{"date":"2020-04-01"}],["email",null,"sakura@example.jp"],["capacity",null,3],["nights",null,true],["rank",null,"2"]]}',1,'{"ward": ["W1", "North"]}',NULL,NULL,NULL);
INSERT INTO "items" VALUES(2,1,'001','佐倉 みなと','new','id-1',NULL,'[]','[]','{"search":"001\n佐倉ミナト\nサクラ","kana":"サクラ","read":{"badge":"001","surname":"佐倉","first":"みなと","reading":"サクラ","born":{"date":"1990-04-01"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"sakura@example.jp","beds":3,"night":true,"grade":"senior"},"before":null,"after":{"id_no":"001","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[["id_no",null,"001"],["family",null,"佐倉"],["given",null,"みなと"],["kana",null,"サクラ"],["dob",null,{"date":"1990-04-01"}],["start",null,{"date":"2020-04-01"}],["email",null,"sakura@example.jp"],["capacity",null,3],["nights",null,true],["rank",null,"2"]]}',0,NULL,NULL,NULL,NULL);
INSERT INTO "items" VALUES(2,2,'002','佐倉 みなと','changed','id-2','id-1','[]','[]','{"search":"002\n佐倉ミナト\nサクラ","kana":"サクラ","read":{"badge":"002","surname":"佐倉","first":"みなと","reading":"サクラ","born":{"date":"1990-04-01"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"new@example.jp","beds":3,"night":true,"grade":"senior"},"before":{"id_no":"002","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"after":{"id_no":"002","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"new@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[["email","sakura@example.jp","new@example.jp"]]}',0,NULL,NULL,NULL,NULL);
INSERT INTO "items" VALUES(2,3,'003','佐倉 みなと','new','id-3',NULL,'[]','[]','{"search":"003\n佐倉ミナト\nサクラ","kana":"サクラ","read":{"badge":"003","surname":"佐倉","first":"みなと","reading":"サクラ","born":{"date":"1990-04-01"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"sakura@example.jp","beds":3,"night":true,"grade":"senior"},"before":null,"after":{"id_no":"003","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[["id_no",null,"003"],["family",null,"佐倉"],["given",null,"みなと"],["kana",null,"サクラ"],["dob",null,{"date":"1990-04-01"}],["start",null,{"date":"2020-04-01"}],["email",null,"sakura@example.jp"],["capacity",null,3],["nights",null,true],["rank",null,"2"]]}',0,NULL,NULL,NULL,NULL);
INSERT INTO "items" VALUES(2,4,'004','佐倉 みなと','changed','id-4','id-2','[]','[]','{"search":"004\n佐倉ミナト\nサクラ","kana":"サクラ","read":{"badge":"004","surname":"佐倉","first":"みなと","reading":"サクラ","born":{"date":"1990-04-01"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"new@example.jp","beds":3,"night":true,"grade":"senior"},"before":{"id_no":"004","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"after":{"id_no":"004","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"new@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[["email","sakura@example.jp","new@example.jp"]]}',0,NULL,NULL,NULL,NULL);
INSERT INTO "items" VALUES(2,5,'005','佐倉 みなと','same','id-5','id-3','[]','[]','{"search":"005\n佐倉ミナト\nサクラ","kana":"サクラ","read":{"badge":"005","surname":"佐倉","first":"みなと","reading":"サクラ","born":{"date":"1990-04-01"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"sakura@example.jp","beds":3,"night":true,"grade":"senior"},"before":{"id_no":"005","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"after":{"id_no":"005","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[]}',0,NULL,NULL,NULL,NULL);
INSERT INTO "items" VALUES(2,6,'006','佐倉 みなと','new','id-6',NULL,'[]','[]','{"search":"006\n佐倉ミナト\nサクラ","kana":"サクラ","read":{"badge":"006","surname":"佐倉","first":"みなと","reading":"サクラ","born":{"date":"1990-04-01"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"sakura@example.jp","beds":3,"night":true,"grade":"senior"},"before":null,"after":{"id_no":"006","family":"佐倉","given":"みなと","kana":"サクラ","dob":{"date":"1990-04-01"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[["id_no",null,"006"],["family",null,"佐倉"],["given",null,"みなと"],["kana",null,"サクラ"],["dob",null,{"date":"1990-04-01"}],["start",null,{"date":"2020-04-01"}],["email",null,"sakura@example.jp"],["capacity",null,3],["nights",null,true],["rank",null,"2"]]}',0,NULL,NULL,NULL,NULL);
CREATE TABLE leases (
	connection VARCHAR(200) NOT NULL, 
	token BIGINT NOT NULL, 
	run_id INTEGER, 
	owner TEXT, 
	who VARCHAR(200), 
	since DATETIME, 
	renewed_at FLOAT NOT NULL, 
	CONSTRAINT pk_leases PRIMARY KEY (connection)
);
INSERT INTO "leases" VALUES('rosta',1,1,'{"host": "desk.example.jp", "pid": 4711, "started": 1764000000.0}','sato@desk','2026-11-20 03:00:00.000000',1763600000.0);
CREATE TABLE runs (
	id INTEGER NOT NULL, 
	source VARCHAR(200) NOT NULL, 
	target VARCHAR(200) NOT NULL, 
	base_date DATE NOT NULL, 
	status VARCHAR(20) NOT NULL, 
	who VARCHAR(200) NOT NULL, 
	owner TEXT, 
	created_at DATETIME NOT NULL, 
	fetched_at DATETIME, 
	sync_started_at DATETIME, 
	finished_at DATETIME, 
	mapping_name TEXT NOT NULL, 
	mapping_text TEXT NOT NULL, 
	mapping_hash VARCHAR(64) NOT NULL, 
	settings JSON NOT NULL, 
	counts JSON NOT NULL, 
	notices JSON NOT NULL, 
	usage JSON NOT NULL, 
	journal JSON, 
	usual INTEGER, 
	selection JSON, 
	reason JSON, 
	resume_at DATETIME, 
	allowed_by VARCHAR(200), 
	purged BOOLEAN NOT NULL, 
	CONSTRAINT pk_runs PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES(1,'clinic','rosta','2026-11-20','paused','tester',NULL,'2026-11-20 03:00:00.047795','2026-11-20 03:00:00.085924','2026-11-20 03:00:00.013313',NULL,'/srv/renkei/pair.yaml','sides: [clinic, rosta]
fields:
  - {pair: [badge, id_no]}
  - {pair: [surname, family]}
  - {pair: [first, given]}
  - {pair: [reading, kana], equal: kana, to: {clinic: {transform: katakana}}}
  - {pair: [born, dob]}
  - {pair: [since, start]}
  - {pair: [until, end], to: {rosta: {empty: clear}}}
  - {pair: [mail, email]}
  - {pair: [beds, capacity]}
  - {pair: [night, nights]}
  - {pair: [grade, rank], values: {junior: "1", senior: "2"}}
','f1bdee33bab0566fa13936169e1cee05756eeb29241fca52bef1f0e191eb8600','{}','{"new": 3, "changed": 2, "same": 1, "blocked": 0}','[]','{"calls": {"clinic": 0, "rosta": 0}, "seconds": 0.008753325999805384}','{"last": 0, "open": []}',6,'{"differences": ["changed", "new"], "numbers": [], "excluded": [], "new": {"ward": "W1"}, "new_rows": []}','["interrupted"]',NULL,NULL,0);
INSERT INTO "runs" VALUES(2,'clinic','rosta','2026-11-20','ready','tester',NULL,'2026-11-20 03:00:00.068377','2026-11-20 03:00:00.112238',NULL,NULL,'/srv/renkei/pair.yaml','sides: [clinic, rosta]
fields:
  - {pair: [badge, id_no]}
  - {pair: [surname, family]}
  - {pair: [first, given]}
  - {pair: [reading, kana], equal: kana, to: {clinic: {transform: katakana}}}
  - {pair: [born, dob]}
  - {pair: [since, start]}
  - {pair: [until, end], to: {rosta: {empty: clear}}}
  - {pair: [mail, email]}
  - {pair: [beds, capacity]}
  - {pair: [night, nights]}
  - {pair: [grade, rank], values: {junior: "1", senior: "2"}}
','f1bdee33bab0566fa13936169e1cee05756eeb29241fca52bef1f0e191eb8600','{}','{"new": 3, "changed": 2, "same": 1, "blocked": 0}','[]','{"calls": {"clinic": 0, "rosta": 0}, "seconds": 0.008355802000096446}','{"last": 0, "open": []}',6,NULL,NULL,NULL,NULL,0);
INSERT INTO "runs" VALUES(3,'clinic','rosta','2026-11-20','fetching','sato@desk','{"host": "desk.example.jp", "pid": 4711, "started": 1764000000.0}','2026-11-20 03:00:00.000901',NULL,NULL,NULL,'x','x','x','{}','{}','[]','{}',NULL,NULL,NULL,NULL,NULL,NULL,0);
CREATE TABLE writes (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	kind VARCHAR(10) NOT NULL, 
	token BIGINT NOT NULL, 
	intent_at DATETIME NOT NULL, 
	result VARCHAR(20), 
	result_at DATETIME, 
	CONSTRAINT pk_writes PRIMARY KEY (id), 
	CONSTRAINT fk_writes_run_id_runs FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO "writes" VALUES(1,1,1,'create',1,'2026-11-20 03:00:00.040551','created','2026-11-20 03:00:00.057560');
INSERT INTO "writes" VALUES(2,1,2,'update',1,'2026-11-20 03:00:00.073582','failed','2026-11-20 03:00:00.089407');
INSERT INTO "writes" VALUES(3,1,3,'create',1,'2026-11-20 03:00:00.094039',NULL,NULL);
INSERT INTO "writes" VALUES(4,1,4,'update',1,'2026-11-20 03:00:00.117313',NULL,NULL);
CREATE INDEX ix_items_run_outcome ON items (run_id, selected, outcome);
CREATE INDEX ix_items_run_number ON items (run_id, number);
CREATE INDEX ix_writes_run_position ON writes (run_id, position);
COMMIT;
