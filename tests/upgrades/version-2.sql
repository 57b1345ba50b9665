PRAGMA application_id = 1717989681;
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE checkpoint (  -- steps of a handler that need not be done again
  job INTEGER NOT NULL REFERENCES job (id),
  name TEXT NOT NULL,
  result TEXT NOT NULL CHECK (json_valid(result)),
  PRIMARY KEY (job, name)
) STRICT;
INSERT INTO "checkpoint" VALUES(1,'quote','{"amount": 7}');
INSERT INTO "checkpoint" VALUES(2,'quote','{"amount": 7}');
INSERT INTO "checkpoint" VALUES(3,'looked up','[1, 2.5, "x"]');
INSERT INTO "checkpoint" VALUES(8,'quote','{"amount": 9}');
CREATE TABLE job (
  id INTEGER PRIMARY KEY,  -- Job 1, 2, ...
  status TEXT NOT NULL CHECK (status IN ('ready', 'claimed', 'done', 'dead')),  -- where the job is
  token INTEGER NOT NULL CONSTRAINT range_token CHECK (token BETWEEN 0 AND 200),  -- how often it has been claimed: the fencing token of its claim
  lease TEXT NOT NULL CHECK (lease IN ('none', 'live', 'expired')),  -- how its claim stands
  fails INTEGER NOT NULL CONSTRAINT range_fails CHECK (fails BETWEEN 0 AND 100),  -- how many claims ended in failure
  interrupts INTEGER NOT NULL CONSTRAINT range_interrupts CHECK (interrupts BETWEEN 0 AND 100),  -- how many claims were cut short
  reason TEXT NOT NULL CHECK (reason IN ('none', 'failures', 'interruptions', 'cancelled')),  -- why it is dead
  "first" INTEGER NOT NULL CONSTRAINT range_first CHECK ("first" BETWEEN 0 AND 200),  -- the token under which the first half was written last
  second INTEGER NOT NULL CONSTRAINT range_second CHECK (second BETWEEN 0 AND 200),  -- the token under which the second half was written last
  recorded INTEGER NOT NULL CHECK (recorded IN (0, 1)),  -- the effect is committed: its idempotency record
  letter TEXT NOT NULL CHECK (letter IN ('none', 'nothing', 'half', 'both', 'applied')),  -- what the dead letter says of the effect
  notice TEXT NOT NULL CHECK (notice IN ('none', 'due', 'sent')),  -- what has been said of its death
  overdue INTEGER NOT NULL CHECK (overdue IN (0, 1)),  -- the deadline of the last claim has passed
  max_fails INTEGER NOT NULL CONSTRAINT range_max_fails CHECK (max_fails BETWEEN 0 AND 100),  -- how many failures a job survives, less one
  max_interrupts INTEGER NOT NULL CONSTRAINT range_max_interrupts CHECK (max_interrupts BETWEEN 0 AND 100),  -- how many interruptions a job survives, less one
  -- A job is claimed exactly while it has a lease.
  CONSTRAINT "INV-002 a_claim_is_one_record" CHECK (
      (status = 'claimed') = (lease <> 'none')
  ),
  -- A job is claimed fewer times than both budgets together, and at the end of one it is dead.
  CONSTRAINT "INV-012 deliveries_are_bounded" CHECK (
      token < max_fails + max_interrupts
      AND (NOT (max_fails <= fails OR max_interrupts <= interrupts) OR status = 'dead')
  ),
  -- A job that is dead of a budget has used it up.
  CONSTRAINT "INV-013 verdicts_are_just" CHECK (
      (NOT (reason = 'failures') OR fails = max_fails)
      AND (NOT (reason = 'interruptions') OR interrupts = max_interrupts)
  ),
  -- Each claim is open, or is counted as done, failed or interrupted: none ends in silence.
  CONSTRAINT "INV-025 every_claim_has_an_outcome" CHECK (
      token = fails + interrupts + CASE WHEN status = 'claimed' OR status = 'done' THEN 1 ELSE 0 END
  ),
  -- A job is dead exactly if the row says why.
  CONSTRAINT "INV-025 every_death_has_a_reason" CHECK (
      (status = 'dead') = (reason <> 'none')
  ),
  -- Whoever reads a committed effect sees two halves of one attempt.
  CONSTRAINT "INV-008 no_hidden_partial_update" CHECK (
      (NOT recorded OR "first" = second AND 0 < "first")
  ),
  -- The dead letter says just what was written.
  CONSTRAINT "INV-008 dead_letters_are_true" CHECK (
      (NOT (status = 'dead') OR letter = CASE WHEN recorded THEN 'applied' WHEN "first" = 0 THEN 'nothing' WHEN "first" = second THEN 'both' ELSE 'half' END)
  ),
  -- There is a notice exactly for each job that is dead.
  CONSTRAINT "INV-025 deaths_are_announced" CHECK (
      (status = 'dead') = (notice <> 'none')
  )
) STRICT;
INSERT INTO "job" VALUES(1,'done',1,'none',0,0,'none',1,1,1,'none','none',0,3,10);
INSERT INTO "job" VALUES(2,'done',1,'none',0,0,'none',1,1,1,'none','none',0,3,10);
INSERT INTO "job" VALUES(3,'dead',1,'none',1,0,'failures',0,0,0,'nothing','sent',0,1,10);
INSERT INTO "job" VALUES(4,'dead',0,'none',0,0,'cancelled',0,0,0,'nothing','due',0,3,10);
INSERT INTO "job" VALUES(5,'ready',0,'none',0,0,'none',0,0,0,'none','none',0,5,4);
INSERT INTO "job" VALUES(6,'ready',0,'none',0,0,'none',0,0,0,'none','none',0,3,10);
INSERT INTO "job" VALUES(7,'ready',0,'none',0,0,'none',0,0,0,'none','none',0,3,10);
INSERT INTO "job" VALUES(8,'claimed',1,'live',0,0,'none',0,0,0,'none','none',0,3,10);
CREATE TABLE meta (  -- which spec and which constants the file belongs to
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
INSERT INTO "meta" VALUES('spec','38563507c6881d02a481c841cbe44f79');
INSERT INTO "meta" VALUES('constants','{"MaxFails": 100, "MaxInterrupts": 100}');
INSERT INTO "meta" VALUES('boot','boot 1');
INSERT INTO "meta" VALUES('epoch','1');
CREATE TABLE outbox (  -- what is to be done elsewhere, at least once
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,  -- for the receiver, who must do it once
  job INTEGER NOT NULL REFERENCES job (id),
  topic TEXT NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body)),
  sent INTEGER NOT NULL DEFAULT 0 CHECK (sent IN (0, 1))
) STRICT;
INSERT INTO "outbox" VALUES(1,'first/mail/1',1,'mail','{"to": "ann", "job": 1}',1);
INSERT INTO "outbox" VALUES(2,'second/mail/1',2,'mail','{"to": "ann", "job": 2}',0);
CREATE TABLE process (  -- who has ever opened the queue: a number is used once
  id INTEGER PRIMARY KEY,
  sort TEXT NOT NULL,
  pid INTEGER NOT NULL
) STRICT;
INSERT INTO "process" VALUES(1,'Worker',10674);
INSERT INTO "process" VALUES(2,'Worker',10674);
CREATE TABLE receipt (job INTEGER NOT NULL, amount INTEGER NOT NULL) STRICT;
INSERT INTO "receipt" VALUES(1,7);
INSERT INTO "receipt" VALUES(2,7);
CREATE TABLE task (  -- what a job is about, and when
  id INTEGER PRIMARY KEY REFERENCES job (id) DEFERRABLE INITIALLY DEFERRED,
  key TEXT NOT NULL UNIQUE,  -- the idempotency key of its request
  kind TEXT NOT NULL,  -- which handler
  payload TEXT NOT NULL CHECK (json_valid(payload)),
  timeout_ms INTEGER NOT NULL CHECK (timeout_ms > 0),  -- how long one attempt may take
  due INTEGER,  -- by the wall clock, in ms: not claimed before; only while it is ready
  lease_until INTEGER,  -- by the clock of the boot, in ms: only while it is claimed
  deadline INTEGER,  -- by the clock of the boot, in ms: of the attempt
  retry_of INTEGER REFERENCES job (id)  -- the dead job that this one does again
) STRICT;
INSERT INTO "task" VALUES(1,'first','charge','{"account": 1}',300000,NULL,NULL,NULL,NULL);
INSERT INTO "task" VALUES(2,'second','charge','{"account": 2}',300000,NULL,NULL,NULL,NULL);
INSERT INTO "task" VALUES(3,'bad','fail','null',300000,NULL,NULL,NULL,NULL);
INSERT INTO "task" VALUES(4,'given up','never','"x"',300000,NULL,NULL,NULL,NULL);
INSERT INTO "task" VALUES(5,'waiting','never','["ready"]',300000,1900000000000,NULL,NULL,NULL);
INSERT INTO "task" VALUES(6,'delayed','never','{"déjà": "vu"}',300000,1900003600000,NULL,NULL,NULL);
INSERT INTO "task" VALUES(7,'given up/retry','never','"x"',300000,1900000000000,NULL,NULL,4);
INSERT INTO "task" VALUES(8,'left behind','charge','{"account": 3}',300000,NULL,1010000,1300000,NULL);
CREATE TABLE trace (  -- every durable step, in the order of commits
  seq INTEGER PRIMARY KEY,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  params TEXT NOT NULL CHECK (json_valid(params)),
  before TEXT NOT NULL CHECK (json_valid(before)),  -- of what the step changes
  after TEXT NOT NULL CHECK (json_valid(after)),
  unseen TEXT NOT NULL CHECK (json_valid(unseen)),  -- by its process since its last row
  note TEXT,  -- what the spec does not speak of
  at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000)  -- by the wall clock, in ms
) STRICT;
INSERT INTO "trace" VALUES(1,'job1','enqueue','{"j": "job1"}','{"status[job1]": "absent", "max_fails[job1]": 100, "max_interrupts[job1]": 100}','{"status[job1]": "ready", "max_fails[job1]": 3, "max_interrupts[job1]": 10}','[[0, "send", {"j": "job1"}]]',NULL,1795986378467);
INSERT INTO "trace" VALUES(2,'job2','enqueue','{"j": "job2"}','{"status[job2]": "absent", "max_fails[job2]": 100, "max_interrupts[job2]": 100}','{"status[job2]": "ready", "max_fails[job2]": 3, "max_interrupts[job2]": 10}','[[1, "send", {"j": "job2"}]]',NULL,1795986378472);
INSERT INTO "trace" VALUES(3,'job3','enqueue','{"j": "job3"}','{"status[job3]": "absent", "max_fails[job3]": 100, "max_interrupts[job3]": 100}','{"status[job3]": "ready", "max_fails[job3]": 1, "max_interrupts[job3]": 10}','[[2, "send", {"j": "job3"}]]',NULL,1795986378475);
INSERT INTO "trace" VALUES(4,'job4','enqueue','{"j": "job4"}','{"status[job4]": "absent", "max_fails[job4]": 100, "max_interrupts[job4]": 100}','{"status[job4]": "ready", "max_fails[job4]": 3, "max_interrupts[job4]": 10}','[[3, "send", {"j": "job4"}]]',NULL,1795986378478);
INSERT INTO "trace" VALUES(5,'job5','enqueue','{"j": "job5"}','{"status[job5]": "absent", "max_fails[job5]": 100, "max_interrupts[job5]": 100}','{"status[job5]": "ready", "max_fails[job5]": 5, "max_interrupts[job5]": 4}','[[4, "send", {"j": "job5"}]]',NULL,1795986378482);
INSERT INTO "trace" VALUES(6,'job6','enqueue','{"j": "job6"}','{"status[job6]": "absent", "max_fails[job6]": 100, "max_interrupts[job6]": 100}','{"status[job6]": "ready", "max_fails[job6]": 3, "max_interrupts[job6]": 10}','[[5, "send", {"j": "job6"}]]',NULL,1795986378486);
INSERT INTO "trace" VALUES(7,'job4','cancel','{"j": "job4"}','{"status[job4]": "ready", "reason[job4]": "none", "letter[job4]": "none", "notice[job4]": "none"}','{"status[job4]": "dead", "reason[job4]": "cancelled", "letter[job4]": "nothing", "notice[job4]": "due"}','[]',NULL,1795986378488);
INSERT INTO "trace" VALUES(8,'worker1','claim','{"w": "worker1", "j": "job1"}','{"status[job1]": "ready", "lease[job1]": "none", "token[job1]": 0, "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0}','{"status[job1]": "claimed", "lease[job1]": "live", "token[job1]": 1, "pc[worker1]": "claimed", "job[worker1]": "job1", "held[worker1]": 1}','[]',NULL,1795986378503);
INSERT INTO "trace" VALUES(9,'worker1','heartbeat','{"w": "worker1"}','{}','{}','[[8, "start", {"w": "worker1"}]]',NULL,1795986378504);
INSERT INTO "trace" VALUES(10,'worker1','write_first','{"w": "worker1"}','{"first[job1]": 0, "progress[worker1]": "begun"}','{"first[job1]": 1, "progress[worker1]": "first"}','[]',NULL,1795986378506);
INSERT INTO "trace" VALUES(11,'worker1','write_second','{"w": "worker1"}','{"second[job1]": 0, "progress[worker1]": "first"}','{"second[job1]": 1, "progress[worker1]": "second"}','[]',NULL,1795986378506);
INSERT INTO "trace" VALUES(12,'worker1','record','{"w": "worker1"}','{"recorded[job1]": false, "progress[worker1]": "second"}','{"recorded[job1]": true, "progress[worker1]": "recorded"}','[]',NULL,1795986378506);
INSERT INTO "trace" VALUES(13,'worker1','settle_done','{"w": "worker1"}','{"status[job1]": "claimed", "lease[job1]": "live", "pc[worker1]": "running", "job[worker1]": "job1", "held[worker1]": 1, "progress[worker1]": "recorded"}','{"status[job1]": "done", "lease[job1]": "none", "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0, "progress[worker1]": "outside"}','[]',NULL,1795986378506);
INSERT INTO "trace" VALUES(14,'worker1','claim','{"w": "worker1", "j": "job2"}','{"status[job2]": "ready", "lease[job2]": "none", "token[job2]": 0, "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0}','{"status[job2]": "claimed", "lease[job2]": "live", "token[job2]": 1, "pc[worker1]": "claimed", "job[worker1]": "job2", "held[worker1]": 1}','[]',NULL,1795986378506);
INSERT INTO "trace" VALUES(15,'worker1','heartbeat','{"w": "worker1"}','{}','{}','[[14, "start", {"w": "worker1"}]]',NULL,1795986378508);
INSERT INTO "trace" VALUES(16,'worker1','write_first','{"w": "worker1"}','{"first[job2]": 0, "progress[worker1]": "begun"}','{"first[job2]": 1, "progress[worker1]": "first"}','[]',NULL,1795986378510);
INSERT INTO "trace" VALUES(17,'worker1','write_second','{"w": "worker1"}','{"second[job2]": 0, "progress[worker1]": "first"}','{"second[job2]": 1, "progress[worker1]": "second"}','[]',NULL,1795986378510);
INSERT INTO "trace" VALUES(18,'worker1','record','{"w": "worker1"}','{"recorded[job2]": false, "progress[worker1]": "second"}','{"recorded[job2]": true, "progress[worker1]": "recorded"}','[]',NULL,1795986378510);
INSERT INTO "trace" VALUES(19,'worker1','settle_done','{"w": "worker1"}','{"status[job2]": "claimed", "lease[job2]": "live", "pc[worker1]": "running", "job[worker1]": "job2", "held[worker1]": 1, "progress[worker1]": "recorded"}','{"status[job2]": "done", "lease[job2]": "none", "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0, "progress[worker1]": "outside"}','[]',NULL,1795986378511);
INSERT INTO "trace" VALUES(20,'worker1','claim','{"w": "worker1", "j": "job3"}','{"status[job3]": "ready", "lease[job3]": "none", "token[job3]": 0, "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0}','{"status[job3]": "claimed", "lease[job3]": "live", "token[job3]": 1, "pc[worker1]": "claimed", "job[worker1]": "job3", "held[worker1]": 1}','[]',NULL,1795986378511);
INSERT INTO "trace" VALUES(21,'worker1','heartbeat','{"w": "worker1"}','{}','{}','[[20, "start", {"w": "worker1"}]]',NULL,1795986378517);
INSERT INTO "trace" VALUES(22,'worker1','settle_failed','{"w": "worker1"}','{"fails[job3]": 0, "status[job3]": "claimed", "reason[job3]": "none", "lease[job3]": "live", "letter[job3]": "none", "notice[job3]": "none", "pc[worker1]": "running", "job[worker1]": "job3", "held[worker1]": 1, "progress[worker1]": "begun"}','{"fails[job3]": 1, "status[job3]": "dead", "reason[job3]": "failures", "lease[job3]": "none", "letter[job3]": "nothing", "notice[job3]": "due", "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0, "progress[worker1]": "outside"}','[]','RuntimeError: no such account',1795986378519);
INSERT INTO "trace" VALUES(23,'job3','notify','{"j": "job3"}','{"notice[job3]": "due"}','{"notice[job3]": "sent"}','[]',NULL,1795986378528);
INSERT INTO "trace" VALUES(24,'job7','enqueue','{"j": "job7"}','{"status[job7]": "absent", "max_fails[job7]": 100, "max_interrupts[job7]": 100}','{"status[job7]": "ready", "max_fails[job7]": 3, "max_interrupts[job7]": 10}','[[23, "send", {"j": "job7"}]]',NULL,1795986378531);
INSERT INTO "trace" VALUES(25,'job8','enqueue','{"j": "job8"}','{"status[job8]": "absent", "max_fails[job8]": 100, "max_interrupts[job8]": 100}','{"status[job8]": "ready", "max_fails[job8]": 3, "max_interrupts[job8]": 10}','[[24, "send", {"j": "job8"}]]',NULL,1795986378535);
INSERT INTO "trace" VALUES(26,'worker2','claim','{"w": "worker2", "j": "job8"}','{"status[job8]": "ready", "lease[job8]": "none", "token[job8]": 0, "pc[worker2]": "idle", "job[worker2]": null, "held[worker2]": 0}','{"status[job8]": "claimed", "lease[job8]": "live", "token[job8]": 1, "pc[worker2]": "claimed", "job[worker2]": "job8", "held[worker2]": 1}','[]',NULL,1795986378545);
INSERT INTO "trace" VALUES(27,'worker2','heartbeat','{"w": "worker2"}','{}','{}','[[26, "start", {"w": "worker2"}]]',NULL,1795986378548);
CREATE TRIGGER trace_is_not_rewritten BEFORE UPDATE ON trace
BEGIN SELECT RAISE(ABORT, 'the trace is append-only'); END;
CREATE TRIGGER trace_is_not_shortened BEFORE DELETE ON trace
BEGIN SELECT RAISE(ABORT, 'the trace is append-only'); END;
CREATE INDEX task_is_due ON task (due) WHERE due IS NOT NULL;
CREATE INDEX task_is_leased ON task (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX job_has_a_notice ON job (notice) WHERE notice = 'due';
CREATE INDEX trace_of_failures ON trace (at) WHERE action = 'settle_failed';
CREATE INDEX outbox_is_unsent ON outbox (id) WHERE NOT sent;
COMMIT;
