BEGIN TRANSACTION;
CREATE TABLE accounts (
	company VARCHAR(63) DEFAULT '' NOT NULL, 
	connection VARCHAR(200) NOT NULL, 
	account VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_accounts PRIMARY KEY (company, connection)
);
INSERT INTO "accounts" VALUES('','rosta','rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr');
CREATE TABLE alembic_version (version_num varchar(32) not null, constraint alembic_version_pkc primary key (version_num));
INSERT INTO "alembic_version" VALUES('0016');
CREATE TABLE alerts (
	company VARCHAR(63) DEFAULT '' NOT NULL, 
	"key" VARCHAR(450) NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	about VARCHAR(200), 
	run_id INTEGER, 
	count INTEGER NOT NULL, 
	first_seen DATETIME NOT NULL, 
	told BOOLEAN NOT NULL, 
	told_on DATE, 
	told_at DATETIME, 
	gathered_on DATE, 
	ended_at DATETIME, 
	CONSTRAINT pk_alerts PRIMARY KEY (company, "key")
);
CREATE TABLE audit (
	company VARCHAR(63) DEFAULT '' NOT NULL, 
	line INTEGER NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	who VARCHAR(200) NOT NULL, 
	act VARCHAR(40) NOT NULL, 
	run VARCHAR(20), 
	facts TEXT NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (company, line)
);
INSERT INTO "audit" VALUES('',1,'2026-11-30T03:42:22.211186+00:00','tester (tester@host)','fetched','1','{"base_date": "2026-11-20", "hash": "f1bdee33bab0566fa13936169e1cee05756eeb29241fca52bef1f0e191eb8600", "mapping": "./pair.yaml", "source": "clinic", "target": "rosta"}','24b8467f0b26025b008fec21a1217e05e4cc58cf851ed0d8332e9477e780fa5a');
INSERT INTO "audit" VALUES('',2,'2026-11-30T03:42:25.252123+00:00','tester (tester@host)','chosen','1','{"count": 4, "fields": ["ward"]}','3b7e113bc9e7734f09a8066de118919f09382656e04a64cf8c9a6e8a5fde3eae');
INSERT INTO "audit" VALUES('',3,'2026-11-30T03:42:26.670320+00:00','tester (tester@host)','synced','1','{"again": false}','12b6e482282e6b1c16ed6cc70e3a7f14e4d8f27c882c0693217e96303e0ea080');
INSERT INTO "audit" VALUES('',4,'2026-11-30T03:42:32.570256+00:00','tester (tester@host)','fetched','2','{"base_date": "2026-11-20", "hash": "f1bdee33bab0566fa13936169e1cee05756eeb29241fca52bef1f0e191eb8600", "mapping": "./pair.yaml", "source": "clinic", "target": "rosta"}','c02c24f39f3b0374315f5e31288985cc28b42e7fe180361ed7551ce2d1893207');
INSERT INTO "audit" VALUES('',5,'2026-11-30T03:42:33.415940+00:00','tester@host','mapping_changed','3','{"after": "", "before": "f1bdee33bab0566fa13936169e1cee05756eeb29241fca52bef1f0e191eb8600", "mapping": "pair", "settings": [], "source": "clinic", "target": "rosta"}','1683a2801fbb600a6f08ede770c889dd7ebc2c2f53aaeb2dc9170f409c42ead0');
INSERT INTO "audit" VALUES('',6,'2026-11-30T03:42:33.415940+00:00','tester@host','fetched','3','{"base_date": "2026-11-20", "hash": "", "mapping": "pair", "source": "clinic", "target": "rosta"}','37caf2fc24282589da48d220919d8e640cbb16c25bb444c8b7ec8aeabcf0ab5f');
INSERT INTO "audit" VALUES('',7,'2026-11-30T03:42:33.601679+00:00','tester@host','chosen','3','{"count": 2, "fields": []}','79639006c2a13edfd6a529982a6c80afc7272f4501905c97d2c397f7d0a4eafb');
INSERT INTO "audit" VALUES('',8,'2026-11-30T03:42:33.755168+00:00','tester@host','synced','3','{"again": false}','ae1d0983b4d1102b1e01daec7b35cd7cb9543c34a0a3123d47367e6857dde259');
INSERT INTO "audit" VALUES('',9,'2026-11-30T03:42:34.117632+00:00','tester@host','schedule_paused',NULL,'{"schedule": "nightly"}','1df204b1b82ab4f5df4de84eccc6a4c25fe5e73f7f9a5a55d1cf5582a212444e');
CREATE TABLE facts (
	name VARCHAR(40) NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_facts PRIMARY KEY (name)
);
INSERT INTO "facts" VALUES('store_id','5129cf9f9cead4d55390f8637894d248');
INSERT INTO "facts" VALUES('account_key','40831a91eaaa027fe86661972bd82f790e1184aad96944c7027df42f7798991b');
INSERT INTO "facts" VALUES('audit:e3b0c44298fc1c149afbf4c8996fb924','9 1df204b1b82ab4f5df4de84eccc6a4c25fe5e73f7f9a5a55d1cf5582a212444e');
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
	look_first BOOLEAN DEFAULT 0 NOT NULL, 
	selected BOOLEAN NOT NULL, 
	new_values JSON, 
	outcome VARCHAR(20), 
	outcome_reason JSON, 
	detail TEXT, 
	earlier JSON, 
	CONSTRAINT pk_items PRIMARY KEY (run_id, position), 
	CONSTRAINT fk_items_run_id_runs FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO "items" VALUES(1,1,'1','見本1 みなと假','new','id-1',NULL,'[]','[]','{"search":"1\n見本1ミナト仮\nサクラ","kana":"サクラ","read":{"badge":"1","surname":"見本1","first":"みなと假","reading":"サクラ","born":{"date":"2002-10-18"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"sakura@example.jp","beds":3,"night":true,"grade":"senior"},"before":null,"after":{"id_no":"1","family":"見本1","given":"みなと假","kana":"サクラ","dob":{"date":"2002-10-18"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[["id_no",null,"1"],["family",null,"見本1"],["given",null,"みなと假"],["kana",null,"サクラ"],["dob",null,{"date":"2002-10-18"}],["start",null,{"date":"2020-04-01"}],["email",null,"sakura@example.jp"],["capacity",null,3],["nights",null,true],["rank",null,"2"]]}',0,1,'{"ward": ["W1", "North"]}','created','null',NULL,NULL);
INSERT INTO "items" VALUES(1,2,'2','見本2 みなと厝','new','id-2',NULL,'[]','[]','{"search":"2\n見本2ミナト厝\nサクラ","kana":"サクラ","read":{"badge":"2","surname":"見本2","first":"みなと厝","reading":"サクラ","born":{"date":"1991-06-12"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"sakura@example.jp","beds":3,"night":true,"grade":"senior"},"before":null,"after":{"id_no":"2","family":"見本2","given":"みなと厝","kana":"サクラ","dob":{"date":"1991-06-12"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[["id_no",null,"2"],["family",null,"見本2"],["given",null,"みなと厝"],["kana",null,"サクラ"],["dob",null,{"date":"1991-06-12"}],["start",null,{"date":"2020-04-01"}],["email",null,"sakura@example.jp"],["capacity",null,3],["nights",null,true],["rank",null,"2"]]}',0,1,'{"ward": ["W1", "North"]}','failed','["refused"]',NULL,NULL);
INSERT INTO "items" VALUES(1,3,'3','見本3 みなと呋','new','id-3',NULL,'[]','[]','{"search":"3\n見本3ミナト呋\nサクラ","kana":"サクラ","read":{"badge":"3","surname":"見本3","first":"みなと呋","reading":"サクラ","born":{"date":"1991-12-03"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"sakura@example.jp","beds":3,"night":true,"grade":"senior"},"before":null,"after":{"id_no":"3","family":"見本3","given":"みなと呋","kana":"サクラ","dob":{"date":"1991-12-03"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[["id_no",null,"3"],["family",null,"見本3"],["given",null,"みなと呋"],["kana",null,"サクラ"],["dob",null,{"date":"1991-12-03"}],["start",null,{"date":"2020-04-01"}],["email",null,"sakura@example.jp"],["capacity",null,3],["nights",null,true],["rank",null,"2"]]}',0,1,'{"ward": ["W1", "North"]}','failed','["not_taken", "access"]',NULL,NULL);
INSERT INTO "items" VALUES(1,4,'4','見本4 みなと丈','changed','id-4','id-1','[]','[]','{"search":"4\n見本4ミナト丈\nサクラ","kana":"サクラ","read":{"badge":"4","surname":"見本4","first":"みなと丈","reading":"サクラ","born":{"date":"1998-06-26"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"sakura@example.jp","beds":3,"night":true,"grade":"senior"},"before":{"id_no":"4","family":"手本4","given":"みなと丈","kana":"サクラ","dob":{"date":"1998-06-26"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"after":{"id_no":"4","family":"見本4","given":"みなと丈","kana":"サクラ","dob":{"date":"1998-06-26"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[["family","手本4","見本4"]]}',0,1,'null','updated','null',NULL,NULL);
INSERT INTO "items" VALUES(2,2,'2','見本2 みなと厝','new','id-2',NULL,'[]','[]','{"search":"2\n見本2ミナト厝\nサクラ","kana":"サクラ","read":{"badge":"2","surname":"見本2","first":"みなと厝","reading":"サクラ","born":{"date":"1991-06-12"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"sakura@example.jp","beds":3,"night":true,"grade":"senior"},"before":null,"after":{"id_no":"2","family":"見本2","given":"みなと厝","kana":"サクラ","dob":{"date":"1991-06-12"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[["id_no",null,"2"],["family",null,"見本2"],["given",null,"みなと厝"],["kana",null,"サクラ"],["dob",null,{"date":"1991-06-12"}],["start",null,{"date":"2020-04-01"}],["email",null,"sakura@example.jp"],["capacity",null,3],["nights",null,true],["rank",null,"2"]]}',0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "items" VALUES(2,3,'3','見本3 みなと呋','new','id-3',NULL,'[]','[]','{"search":"3\n見本3ミナト呋\nサクラ","kana":"サクラ","read":{"badge":"3","surname":"見本3","first":"みなと呋","reading":"サクラ","born":{"date":"1991-12-03"},"since":{"date":"2020-04-01"},"until":null,"gone":false,"mail":"sakura@example.jp","beds":3,"night":true,"grade":"senior"},"before":null,"after":{"id_no":"3","family":"見本3","given":"みなと呋","kana":"サクラ","dob":{"date":"1991-12-03"},"start":{"date":"2020-04-01"},"end":null,"email":"sakura@example.jp","capacity":3,"nights":true,"rank":"2"},"changes":[["id_no",null,"3"],["family",null,"見本3"],["given",null,"みなと呋"],["kana",null,"サクラ"],["dob",null,{"date":"1991-12-03"}],["start",null,{"date":"2020-04-01"}],["email",null,"sakura@example.jp"],["capacity",null,3],["nights",null,true],["rank",null,"2"]]}',0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "items" VALUES(2,1,'1','見本1 みなと假','same','id-1','id-2','[]','[]','{"search":"1\n見本1ミナト仮\nサクラ","kana":"サクラ","once":[["1","見本1","みなと假","サクラ",{"date":"2002-10-18"},{"date":"2020-04-01"},null,false,"sakura@example.jp",3,true,"senior"],["2"],[]]}',0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "items" VALUES(2,4,'4','見本4 みなと丈','same','id-4','id-1','[]','[]','{"search":"4\n見本4ミナト丈\nサクラ","kana":"サクラ","once":[["4","見本4","みなと丈","サクラ",{"date":"1998-06-26"},{"date":"2020-04-01"},null,false,"sakura@example.jp",3,true,"senior"],["2"],[]]}',0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "items" VALUES(3,1,'00000','佐倉カナリア','new','0',NULL,'[]','[]','{"search":"00000\n佐倉カナリア\n","before":null}',0,1,'null',NULL,NULL,NULL,NULL);
INSERT INTO "items" VALUES(3,2,'00001','佐倉カナリア','new','1',NULL,'[]','[]','{"search":"00001\n佐倉カナリア\n","before":null}',0,1,'null',NULL,NULL,NULL,NULL);
CREATE TABLE jobs (
	company VARCHAR(63) DEFAULT '' NOT NULL, 
	schedule VARCHAR(63) NOT NULL, 
	due DATETIME NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	asked_by VARCHAR(200), 
	passed INTEGER NOT NULL, 
	run_id INTEGER, 
	code VARCHAR(60), 
	attempt INTEGER NOT NULL, 
	owner TEXT, 
	beat FLOAT, 
	next_at DATETIME, 
	started_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	errand JSON, 
	answer JSON, 
	stopped_by VARCHAR(200), 
	told_at DATETIME, 
	CONSTRAINT pk_jobs PRIMARY KEY (company, schedule, due)
);
INSERT INTO "jobs" VALUES('','a fetch','2026-11-20 03:00:00.000000','queued','tester@host',0,NULL,NULL,1,NULL,NULL,NULL,'2026-11-20 03:00:00.000000',NULL,'{"deed": "fetch", "target": "rosta", "language": "ja", "source": "clinic"}',NULL,NULL,NULL);
CREATE TABLE known_accounts (
	company VARCHAR(63) DEFAULT '' NOT NULL, 
	connection VARCHAR(200) NOT NULL, 
	account VARCHAR(64) NOT NULL, 
	name TEXT NOT NULL, 
	ids JSON NOT NULL, 
	corporate_numbers JSON NOT NULL, 
	at DATETIME NOT NULL, 
	confirmed_by VARCHAR(200), 
	confirmed_at DATETIME, 
	CONSTRAINT pk_known_accounts PRIMARY KEY (company, connection)
);
INSERT INTO "known_accounts" VALUES('','clinic','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','見本株式会社','["c-1"]','["1234567890123"]','2026-11-20 03:00:00.000000',NULL,NULL);
CREATE TABLE leases (
	account VARCHAR(64) NOT NULL, 
	connection VARCHAR(200) NOT NULL, 
	token BIGINT NOT NULL, 
	run_id INTEGER, 
	owner TEXT, 
	who VARCHAR(200), 
	since DATETIME, 
	beat FLOAT NOT NULL, 
	company VARCHAR(63) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_leases PRIMARY KEY (account)
);
INSERT INTO "leases" VALUES('df0939bdcb2ed4d5ecedc079ce20dc25569cc7994ef74b28236131ac9a8dac3e','rosta',1,NULL,NULL,NULL,NULL,52616.418411479,'');
INSERT INTO "leases" VALUES('rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr','rosta',1,NULL,NULL,NULL,NULL,52618.599189019,'');
CREATE TABLE own_fields (
	company VARCHAR(63) DEFAULT '' NOT NULL, 
	connection VARCHAR(200) NOT NULL, 
	account VARCHAR(64) NOT NULL, 
	specs TEXT NOT NULL, 
	gone JSON NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_own_fields PRIMARY KEY (company, connection)
);
CREATE TABLE paces (
	account VARCHAR(64) NOT NULL, 
	owner TEXT NOT NULL, 
	at FLOAT NOT NULL, 
	used JSON NOT NULL, 
	leaving BOOLEAN NOT NULL, 
	company VARCHAR(63) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_paces PRIMARY KEY (account, owner)
);
CREATE TABLE releases (
	id INTEGER NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	source VARCHAR(200) NOT NULL, 
	target VARCHAR(200) NOT NULL, 
	source_account VARCHAR(64) NOT NULL, 
	target_account VARCHAR(64) NOT NULL, 
	number TEXT, 
	others JSON NOT NULL, 
	records JSON NOT NULL, 
	who VARCHAR(200) NOT NULL, 
	why TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	run_id INTEGER NOT NULL, 
	company VARCHAR(63) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_releases PRIMARY KEY (id)
);
CREATE TABLE runs (
	id INTEGER NOT NULL, 
	source VARCHAR(200) NOT NULL, 
	target VARCHAR(200) NOT NULL, 
	source_account VARCHAR(64), 
	target_account VARCHAR(64), 
	base_date DATE NOT NULL, 
	base_chosen BOOLEAN, 
	again_of INTEGER, 
	status VARCHAR(20) NOT NULL, 
	who VARCHAR(200) NOT NULL, 
	chosen_by VARCHAR(200), 
	synced_by VARCHAR(200), 
	owner TEXT, 
	beat FLOAT, 
	created_at DATETIME NOT NULL, 
	fetched_at DATETIME, 
	sync_started_at DATETIME, 
	finished_at DATETIME, 
	mapping_name TEXT NOT NULL, 
	mapping_text TEXT NOT NULL, 
	mapping_hash VARCHAR(64) NOT NULL, 
	source_side TEXT, 
	settings JSON NOT NULL, 
	counts JSON NOT NULL, 
	notices JSON NOT NULL, 
	usage JSON NOT NULL, 
	journal JSON, 
	usual INTEGER, 
	moved JSON, 
	source_count INTEGER, 
	target_count INTEGER, 
	usual_target INTEGER, 
	expected JSON, 
	selection JSON, 
	reason JSON, 
	resume_at DATETIME, 
	allowed_by VARCHAR(200), 
	taken_over_by VARCHAR(200), 
	pauses JSON, 
	fields JSON, 
	specs TEXT, 
	lacking BOOLEAN, 
	purged BOOLEAN NOT NULL, 
	company VARCHAR(63) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_runs PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES(1,'clinic','rosta','fea8821769c11c774c1ad5eaac2f8b839a9cacd0cc1d1ffc73d920bc4e2cb88c','df0939bdcb2ed4d5ecedc079ce20dc25569cc7994ef74b28236131ac9a8dac3e','2026-11-20',0,NULL,'done_with_errors','tester (tester@host)','tester (tester@host)','tester (tester@host)',NULL,52606.602750071,'2026-11-20 03:00:01.271897','2026-11-20 03:00:02.678205','2026-11-20 03:00:01.123726','2026-11-20 03:03:04.058569','./pair.yaml','sides: [clinic, rosta]
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
','f1bdee33bab0566fa13936169e1cee05756eeb29241fca52bef1f0e191eb8600','clinic','{}','{"new": 3, "changed": 1, "same": 0, "blocked": 0}','[]','{"seconds": 0.1893126349968952, "calls": {"clinic": 0, "rosta": 0}, "latency": {"clinic": 0.0, "rosta": 0.0}, "written": 4, "sync_seconds": 182.6204605242383}','{"last": 0, "open": []}',4,'[]',4,1,1,'[]','{"differences": ["changed", "new"], "numbers": [], "excluded": [], "new": {"ward": "W1"}, "new_rows": [], "look_first": true}','null',NULL,NULL,NULL,'null','{"read": ["badge", "surname", "first", "reading", "born", "since", "until", "gone", "mail", "beds", "night", "grade"], "before": ["id_no", "family", "given", "kana", "dob", "start", "end", "email", "capacity", "nights", "rank"], "copies": {"id_no": "badge", "family": "surname", "given": "first", "kana": "reading", "dob": "born", "start": "since", "end": "until", "email": "mail", "capacity": "beds", "nights": "night"}}','["[{\"name\": \"badge\", \"label\": {\"ja\": \"badge\", \"en\": \"badge\"}, \"type\": \"text\", \"role\": \"number\", \"required\": true, \"wanted\": false, \"write\": \"create\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"surname\", \"label\": {\"ja\": \"surname\", \"en\": \"surname\"}, \"type\": \"text\", \"role\": \"family_name\", \"required\": true, \"wanted\": false, \"write\": \"always\", \"clearable\": false, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"first\", \"label\": {\"ja\": \"first\", \"en\": \"first\"}, \"type\": \"text\", \"role\": \"given_name\", \"required\": true, \"wanted\": false, \"write\": \"always\", \"clearable\": false, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"reading\", \"label\": {\"ja\": \"reading\", \"en\": \"reading\"}, \"type\": \"text\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"born\", \"label\": {\"ja\": \"born\", \"en\": \"born\"}, \"type\": \"date\", \"role\": \"birth\", \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"since\", \"label\": {\"ja\": \"since\", \"en\": \"since\"}, \"type\": \"date\", \"role\": \"hired\", \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"until\", \"label\": {\"ja\": \"until\", \"en\": \"until\"}, \"type\": \"date\", \"role\": \"left\", \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"gone\", \"label\": {\"ja\": \"gone\", \"en\": \"gone\"}, \"type\": \"boolean\", \"role\": \"retired\", \"required\": false, \"wanted\": false, \"write\": \"never\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"mail\", \"label\": {\"ja\": \"mail\", \"en\": \"mail\"}, \"type\": \"text\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"beds\", \"label\": {\"ja\": \"beds\", \"en\": \"beds\"}, \"type\": \"integer\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"night\", \"label\": {\"ja\": \"night\", \"en\": \"night\"}, \"type\": \"boolean\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"grade\", \"label\": {\"ja\": \"grade\", \"en\": \"grade\"}, \"type\": \"text\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": [\"junior\", \"senior\"], \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"@employed\", \"label\": {\"ja\": \"在籍（基準日時点）\", \"en\": \"Employed (on the base date)\"}, \"type\": \"boolean\", \"role\": \"employed\", \"required\": false, \"wanted\": false, \"write\": \"never\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": true, \"offered\": false, \"path\": null}]", "[{\"name\": \"id_no\", \"label\": {\"ja\": \"id_no\", \"en\": \"id_no\"}, \"type\": \"text\", \"role\": \"number\", \"required\": true, \"wanted\": false, \"write\": \"create\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"family\", \"label\": {\"ja\": \"family\", \"en\": \"family\"}, \"type\": \"text\", \"role\": \"family_name\", \"required\": true, \"wanted\": false, \"write\": \"always\", \"clearable\": false, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"given\", \"label\": {\"ja\": \"given\", \"en\": \"given\"}, \"type\": \"text\", \"role\": \"given_name\", \"required\": true, \"wanted\": false, \"write\": \"always\", \"clearable\": false, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"kana\", \"label\": {\"ja\": \"kana\", \"en\": \"kana\"}, \"type\": \"text\", \"role\": null, \"required\": false, \"wanted\": true, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"dob\", \"label\": {\"ja\": \"dob\", \"en\": \"dob\"}, \"type\": \"date\", \"role\": \"birth\", \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"start\", \"label\": {\"ja\": \"start\", \"en\": \"start\"}, \"type\": \"date\", \"role\": \"hired\", \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"end\", \"label\": {\"ja\": \"end\", \"en\": \"end\"}, \"type\": \"date\", \"role\": \"left\", \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"email\", \"label\": {\"ja\": \"email\", \"en\": \"email\"}, \"type\": \"text\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": 40, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"capacity\", \"label\": {\"ja\": \"capacity\", \"en\": \"capacity\"}, \"type\": \"integer\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"nights\", \"label\": {\"ja\": \"nights\", \"en\": \"nights\"}, \"type\": \"boolean\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"rank\", \"label\": {\"ja\": \"rank\", \"en\": \"rank\"}, \"type\": \"text\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": [\"1\", \"2\"], \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"ward\", \"label\": {\"ja\": \"ward\", \"en\": \"ward\"}, \"type\": \"text\", \"role\": null, \"required\": true, \"wanted\": false, \"write\": \"create\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"@employed\", \"label\": {\"ja\": \"在籍（基準日時点）\", \"en\": \"Employed (on the base date)\"}, \"type\": \"boolean\", \"role\": \"employed\", \"required\": false, \"wanted\": false, \"write\": \"never\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": true, \"offered\": false, \"path\": null}]"]',0,0,'');
INSERT INTO "runs" VALUES(2,'clinic','rosta','fea8821769c11c774c1ad5eaac2f8b839a9cacd0cc1d1ffc73d920bc4e2cb88c','df0939bdcb2ed4d5ecedc079ce20dc25569cc7994ef74b28236131ac9a8dac3e','2026-11-20',0,NULL,'ready','tester (tester@host)',NULL,NULL,NULL,52617.256064023,'2026-11-20 03:00:00.510955','2026-11-20 03:00:01.149908',NULL,NULL,'./pair.yaml','sides: [clinic, rosta]
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
','f1bdee33bab0566fa13936169e1cee05756eeb29241fca52bef1f0e191eb8600','clinic','{}','{"new": 2, "changed": 0, "same": 2, "blocked": 0}','[]','{"seconds": 0.09919803500088165, "calls": {"clinic": 0, "rosta": 0}, "latency": {"clinic": 0.0, "rosta": 0.0}}','{"last": 6, "open": []}',4,'[]',4,2,2,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"read": ["badge", "surname", "first", "reading", "born", "since", "until", "gone", "mail", "beds", "night", "grade"], "before": ["id_no", "family", "given", "kana", "dob", "start", "end", "email", "capacity", "nights", "rank"], "copies": {"id_no": "badge", "family": "surname", "given": "first", "kana": "reading", "dob": "born", "start": "since", "end": "until", "email": "mail", "capacity": "beds", "nights": "night"}}','["[{\"name\": \"badge\", \"label\": {\"ja\": \"badge\", \"en\": \"badge\"}, \"type\": \"text\", \"role\": \"number\", \"required\": true, \"wanted\": false, \"write\": \"create\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"surname\", \"label\": {\"ja\": \"surname\", \"en\": \"surname\"}, \"type\": \"text\", \"role\": \"family_name\", \"required\": true, \"wanted\": false, \"write\": \"always\", \"clearable\": false, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"first\", \"label\": {\"ja\": \"first\", \"en\": \"first\"}, \"type\": \"text\", \"role\": \"given_name\", \"required\": true, \"wanted\": false, \"write\": \"always\", \"clearable\": false, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"reading\", \"label\": {\"ja\": \"reading\", \"en\": \"reading\"}, \"type\": \"text\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"born\", \"label\": {\"ja\": \"born\", \"en\": \"born\"}, \"type\": \"date\", \"role\": \"birth\", \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"since\", \"label\": {\"ja\": \"since\", \"en\": \"since\"}, \"type\": \"date\", \"role\": \"hired\", \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"until\", \"label\": {\"ja\": \"until\", \"en\": \"until\"}, \"type\": \"date\", \"role\": \"left\", \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"gone\", \"label\": {\"ja\": \"gone\", \"en\": \"gone\"}, \"type\": \"boolean\", \"role\": \"retired\", \"required\": false, \"wanted\": false, \"write\": \"never\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"mail\", \"label\": {\"ja\": \"mail\", \"en\": \"mail\"}, \"type\": \"text\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"beds\", \"label\": {\"ja\": \"beds\", \"en\": \"beds\"}, \"type\": \"integer\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"night\", \"label\": {\"ja\": \"night\", \"en\": \"night\"}, \"type\": \"boolean\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"grade\", \"label\": {\"ja\": \"grade\", \"en\": \"grade\"}, \"type\": \"text\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": [\"junior\", \"senior\"], \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"@employed\", \"label\": {\"ja\": \"在籍（基準日時点）\", \"en\": \"Employed (on the base date)\"}, \"type\": \"boolean\", \"role\": \"employed\", \"required\": false, \"wanted\": false, \"write\": \"never\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": true, \"offered\": false, \"path\": null}]", "[{\"name\": \"id_no\", \"label\": {\"ja\": \"id_no\", \"en\": \"id_no\"}, \"type\": \"text\", \"role\": \"number\", \"required\": true, \"wanted\": false, \"write\": \"create\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"family\", \"label\": {\"ja\": \"family\", \"en\": \"family\"}, \"type\": \"text\", \"role\": \"family_name\", \"required\": true, \"wanted\": false, \"write\": \"always\", \"clearable\": false, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"given\", \"label\": {\"ja\": \"given\", \"en\": \"given\"}, \"type\": \"text\", \"role\": \"given_name\", \"required\": true, \"wanted\": false, \"write\": \"always\", \"clearable\": false, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"kana\", \"label\": {\"ja\": \"kana\", \"en\": \"kana\"}, \"type\": \"text\", \"role\": null, \"required\": false, \"wanted\": true, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"dob\", \"label\": {\"ja\": \"dob\", \"en\": \"dob\"}, \"type\": \"date\", \"role\": \"birth\", \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"start\", \"label\": {\"ja\": \"start\", \"en\": \"start\"}, \"type\": \"date\", \"role\": \"hired\", \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"end\", \"label\": {\"ja\": \"end\", \"en\": \"end\"}, \"type\": \"date\", \"role\": \"left\", \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"email\", \"label\": {\"ja\": \"email\", \"en\": \"email\"}, \"type\": \"text\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": 40, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"capacity\", \"label\": {\"ja\": \"capacity\", \"en\": \"capacity\"}, \"type\": \"integer\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"nights\", \"label\": {\"ja\": \"nights\", \"en\": \"nights\"}, \"type\": \"boolean\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"rank\", \"label\": {\"ja\": \"rank\", \"en\": \"rank\"}, \"type\": \"text\", \"role\": null, \"required\": false, \"wanted\": false, \"write\": \"always\", \"clearable\": true, \"allowed\": [\"1\", \"2\"], \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"ward\", \"label\": {\"ja\": \"ward\", \"en\": \"ward\"}, \"type\": \"text\", \"role\": null, \"required\": true, \"wanted\": false, \"write\": \"create\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": false, \"offered\": false, \"path\": null}, {\"name\": \"@employed\", \"label\": {\"ja\": \"在籍（基準日時点）\", \"en\": \"Employed (on the base date)\"}, \"type\": \"boolean\", \"role\": \"employed\", \"required\": false, \"wanted\": false, \"write\": \"never\", \"clearable\": true, \"allowed\": null, \"allowed_labels\": [], \"max_length\": null, \"encoding\": null, \"dated\": true, \"offered\": false, \"path\": null}]"]',NULL,0,'');
INSERT INTO "runs" VALUES(3,'clinic','rosta',NULL,'rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr','2026-11-20',NULL,NULL,'paused','tester','tester','tester',NULL,52618.076380525,'2026-11-20 03:00:00.000000','2026-11-20 03:00:00.000000','2026-11-20 03:00:00.000000',NULL,'pair','','',NULL,'{}','{"new": 2, "changed": 0, "same": 0, "blocked": 0}','[]','{"calls": {}, "seconds": 1.0}','{"last": 6, "open": []}',2,'[]',NULL,NULL,NULL,'null','{"differences": ["new"], "numbers": [], "excluded": [], "new": {}, "new_rows": []}','["access", "rosta"]',NULL,NULL,NULL,'["access"]','{"read": [], "before": [], "copies": {}}',NULL,0,0,'');
CREATE TABLE schedules (
	company VARCHAR(63) DEFAULT '' NOT NULL, 
	name VARCHAR(63) NOT NULL, 
	timing TEXT NOT NULL, 
	since DATETIME NOT NULL, 
	paused_by VARCHAR(200), 
	paused_at DATETIME, 
	CONSTRAINT pk_schedules PRIMARY KEY (company, name)
);
INSERT INTO "schedules" VALUES('','nightly','at 0 1 * * *','2026-11-20 03:00:00.000000','tester@host','2026-11-20 03:00:00.000000');
CREATE TABLE writes (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	kind VARCHAR(10) NOT NULL, 
	token BIGINT NOT NULL, 
	intent_at DATETIME NOT NULL, 
	sent_at FLOAT, 
	answer_id TEXT, 
	result VARCHAR(20), 
	result_at DATETIME, 
	CONSTRAINT pk_writes PRIMARY KEY (id), 
	CONSTRAINT fk_writes_run_id_runs FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO "writes" VALUES(1,1,1,'create',1,'2026-11-20 03:00:02.221490',1.79601014757753205302e+09,'id-2','created','2026-11-20 03:00:02.419936');
INSERT INTO "writes" VALUES(2,1,2,'create',1,'2026-11-20 03:00:02.422493',1.7960101477538509369e+09,NULL,'failed','2026-11-20 03:00:02.500733');
INSERT INTO "writes" VALUES(3,1,3,'create',1,'2026-11-20 03:00:02.619172',1.79601014795102405545e+09,NULL,'refused','2026-11-20 03:01:03.621354');
INSERT INTO "writes" VALUES(4,1,4,'update',1,'2026-11-20 03:00:02.661653',1.79601014799285912514e+09,'id-1','updated','2026-11-20 03:00:02.663725');
INSERT INTO "writes" VALUES(5,1,3,'create',1,'2026-11-20 03:01:03.622700',1.79601014918134927744e+09,NULL,'refused','2026-11-20 03:02:03.798268');
INSERT INTO "writes" VALUES(6,1,3,'create',1,'2026-11-20 03:02:03.800121',1.79601015040568494796e+09,NULL,'refused','2026-11-20 03:03:03.802803');
INSERT INTO "writes" VALUES(7,3,1,'create',1,'2026-11-20 03:00:00.000000',1.79601015382125949858e+09,NULL,NULL,NULL);
CREATE INDEX ix_runs_planned ON runs (company, source, target, id) WHERE fetched_at is not null;
CREATE INDEX ix_runs_synced ON runs (company, source, target, id) WHERE sync_started_at is not null;
CREATE INDEX ix_runs_company ON runs (company, id);
CREATE INDEX ix_runs_pair ON runs (company, source, target, id);
CREATE INDEX ix_accounts_account ON accounts (account);
CREATE INDEX ix_jobs_open ON jobs (company, schedule) WHERE ended_at is null;
CREATE INDEX ix_jobs_untold ON jobs (company) WHERE ended_at is not null and told_at is null;
CREATE INDEX ix_items_run_number ON items (run_id, number);
CREATE INDEX ix_items_differing ON items (run_id) WHERE difference <> 'same';
CREATE INDEX ix_items_run_outcome ON items (run_id, selected, outcome);
CREATE INDEX ix_writes_run_position ON writes (run_id, position);
CREATE INDEX ix_writes_open ON writes (run_id) WHERE result is null;
COMMIT;
