BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
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
INSERT INTO "items" VALUES(1,1,'0001','甲乙 1','new','s1',NULL,'[]','[]','{"read":{"badge":"0001","born":{"date":"1990-04-01"}},"before":null,"after":{"email":"b@example.jp"},"changes":[["email",null,"b@example.jp"]]}',1,'{"ward": ["W1", "North"]}','created','null',NULL);
INSERT INTO "items" VALUES(1,2,'0002','甲乙 2','changed','s2','t2','[]','[]','{"read":{"badge":"0002","born":{"date":"1990-04-01"}},"before":{"email":"a@example.jp"},"after":{"email":"b@example.jp"},"changes":[["email","a@example.jp","b@example.jp"]]}',1,'null','updated','null',NULL);
INSERT INTO "items" VALUES(1,3,'0003','甲乙 3','new','s3',NULL,'[]','[]','{"read":{"badge":"0003","born":{"date":"1990-04-01"}},"before":null,"after":{"email":"b@example.jp"},"changes":[["email",null,"b@example.jp"]]}',1,'{"ward": ["W1", "North"]}','failed','["refused", "email"]','refused');
INSERT INTO "items" VALUES(1,4,'0004','甲乙 4','changed','s4','t4','[]','[]','{"read":{"badge":"0004","born":{"date":"1990-04-01"}},"before":{"email":"a@example.jp"},"after":{"email":"b@example.jp"},"changes":[["email","a@example.jp","b@example.jp"]]}',1,'null','unknown','["in_doubt", "timeout"]',NULL);
INSERT INTO "items" VALUES(2,1,'0001','甲乙 1','new','s1',NULL,'[]','[]','{"read":{"badge":"0001","born":{"date":"1990-04-01"}},"before":null,"after":{"email":"b@example.jp"},"changes":[["email",null,"b@example.jp"]]}',0,NULL,NULL,NULL,NULL);
INSERT INTO "items" VALUES(2,2,'0002','甲乙 2','changed','s2','t2','[]','[]','{"read":{"badge":"0002","born":{"date":"1990-04-01"}},"before":{"email":"a@example.jp"},"after":{"email":"b@example.jp"},"changes":[["email","a@example.jp","b@example.jp"]]}',0,NULL,NULL,NULL,NULL);
INSERT INTO "items" VALUES(2,3,'0003','甲乙 3','new','s3',NULL,'[]','[]','{"read":{"badge":"0003","born":{"date":"1990-04-01"}},"before":null,"after":{"email":"b@example.jp"},"changes":[["email",null,"b@example.jp"]]}',0,NULL,NULL,NULL,NULL);
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
INSERT INTO "leases" VALUES('rosta',1,NULL,NULL,NULL,NULL,1.79538412051132631299e+09);
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
	selection JSON, 
	reason JSON, 
	resume_at DATETIME, 
	purged BOOLEAN NOT NULL, 
	CONSTRAINT pk_runs PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES(1,'clinic','rosta','2026-11-20','paused','tester',NULL,'2026-11-20 03:00:00.000000','2026-11-20 03:00:00.000000','2026-11-20 03:00:00.000000',NULL,'pair','sides: [clinic, rosta]','0000000000000000000000000000000000000000000000000000000000000000','{}','{"new": 2, "changed": 2, "same": 0, "blocked": 0}','[]','{"calls": {"clinic": 3, "rosta": 2}, "seconds": 1.5, "last_write": 0}','{"differences": ["changed", "new"], "numbers": [], "excluded": [], "new": {"ward": "W1"}, "new_rows": []}','["timeout", "rosta"]',NULL,0);
INSERT INTO "runs" VALUES(2,'rosta','clinic','2026-11-20','ready','tester',NULL,'2026-11-20 03:00:00.000000','2026-11-20 03:00:00.000000',NULL,NULL,'pair','sides: [clinic, rosta]','0000000000000000000000000000000000000000000000000000000000000000','{}','{"new": 2, "changed": 1, "same": 0, "blocked": 0}','[]','{"calls": {"clinic": 3, "rosta": 2}, "seconds": 1.5, "last_write": 4}',NULL,NULL,NULL,0);
INSERT INTO "runs" VALUES(3,'clinic','rosta','2026-11-21','failed','tester',NULL,'2026-11-20 03:00:00.000000',NULL,NULL,'2026-11-20 03:00:00.000000','pair','','','{}','{}','[]','{}',NULL,'["access", "clinic"]',NULL,0);
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
INSERT INTO "writes" VALUES(1,1,1,'create',1,'2026-11-20 03:00:00.000000','created','2026-11-20 03:00:00.000000');
INSERT INTO "writes" VALUES(2,1,2,'update',1,'2026-11-20 03:00:00.000000','updated','2026-11-20 03:00:00.000000');
INSERT INTO "writes" VALUES(3,1,3,'create',1,'2026-11-20 03:00:00.000000','failed','2026-11-20 03:00:00.000000');
INSERT INTO "writes" VALUES(4,1,4,'update',1,'2026-11-20 03:00:00.000000',NULL,NULL);
CREATE INDEX ix_items_run_number ON items (run_id, number);
CREATE INDEX ix_items_run_outcome ON items (run_id, selected, outcome);
CREATE INDEX ix_writes_run_position ON writes (run_id, position);
COMMIT;
