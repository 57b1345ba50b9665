PRAGMA application_id = 1717989681;
PRAGMA user_version = 3;
BEGIN TRANSACTION;
DROP TABLE IF EXISTS checkpoint;
CREATE TABLE checkpoint (  -- what of a handler need not be done again
  job INTEGER NOT NULL REFERENCES job (id),
  what TEXT NOT NULL CHECK (what IN ('once', 'result')),  -- a step, or something worked out
  name TEXT NOT NULL,
  result TEXT CHECK (
    iif(what = 'result', result IS NOT NULL AND json_valid(result), result IS NULL)
  ),
  PRIMARY KEY (job, what, name)
) STRICT;
INSERT INTO checkpoint VALUES(1,'result','looked','1');
DROP TABLE IF EXISTS job;
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
INSERT INTO job VALUES(1,'done',1,'none',0,0,'none',1,1,1,'none','none',0,3,10);
INSERT INTO job VALUES(2,'dead',1,'none',1,0,'failures',0,0,0,'nothing','due',0,1,10);
INSERT INTO job VALUES(3,'dead',0,'none',0,0,'cancelled',0,0,0,'nothing','due',0,3,10);
INSERT INTO job VALUES(4,'ready',0,'none',0,0,'none',0,0,0,'none','none',0,1,10);
INSERT INTO job VALUES(5,'ready',0,'none',0,0,'none',0,0,0,'none','none',0,7,10);
INSERT INTO job VALUES(6,'ready',0,'none',0,0,'none',0,0,0,'none','none',0,3,10);
INSERT INTO job VALUES(7,'claimed',1,'live',0,0,'none',0,0,0,'none','none',0,3,10);
CREATE INDEX job_has_a_notice ON job (notice) WHERE notice = 'due';
DROP TABLE IF EXISTS meta;
CREATE TABLE meta (  -- which spec and which constants the file belongs to
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
INSERT INTO meta VALUES('spec','38563507c6881d02a481c841cbe44f79');
INSERT INTO meta VALUES('constants','{"MaxFails": 100, "MaxInterrupts": 100}');
INSERT INTO meta VALUES('outline','{"fields": {"status": {"over": "Job", "survival": "durable", "type": ["absent", "ready", "claimed", "done", "dead"], "initial": "absent"}, "token": {"over": "Job", "survival": "durable", "type": 200, "initial": 0}, "lease": {"over": "Job", "survival": "durable", "type": ["none", "live", "expired"], "initial": "none"}, "fails": {"over": "Job", "survival": "durable", "type": 100, "initial": 0}, "interrupts": {"over": "Job", "survival": "durable", "type": 100, "initial": 0}, "reason": {"over": "Job", "survival": "durable", "type": ["none", "failures", "interruptions", "cancelled"], "initial": "none"}, "entered": {"over": "Job", "survival": "ghost", "type": "a truth value", "initial": false}, "pc": {"over": "Worker", "survival": "volatile", "type": ["idle", "claimed", "running", "down"], "initial": "idle"}, "job": {"over": "Worker", "survival": "volatile", "type": "Job", "initial": null}, "held": {"over": "Worker", "survival": "volatile", "type": 200, "initial": 0}, "request": {"over": "Job", "survival": "volatile", "type": ["none", "sent", "acked"], "initial": "none"}, "up": {"over": "Recoverer", "survival": "volatile", "type": "a truth value", "initial": true}, "seen": {"over": "Recoverer", "survival": "volatile", "type": "Job", "initial": null}, "first": {"over": "Job", "survival": "durable", "type": 200, "initial": 0}, "second": {"over": "Job", "survival": "durable", "type": 200, "initial": 0}, "recorded": {"over": "Job", "survival": "durable", "type": "a truth value", "initial": false}, "letter": {"over": "Job", "survival": "durable", "type": ["none", "nothing", "half", "both", "applied"], "initial": "none"}, "applied": {"over": "Job", "survival": "ghost", "type": 2, "initial": 0}, "progress": {"over": "Worker", "survival": "volatile", "type": ["outside", "begun", "first", "second", "recorded"], "initial": "outside"}, "notice": {"over": "Job", "survival": "durable", "type": ["none", "due", "sent"], "initial": "none"}, "overdue": {"over": "Job", "survival": "durable", "type": "a truth value", "initial": false}, "max_fails": {"over": "Job", "survival": "durable", "type": 100, "initial": 100}, "max_interrupts": {"over": "Job", "survival": "durable", "type": 100, "initial": 100}}, "actions": {"enqueue": {"params": {"j": "Job"}, "guards": ["new_key", "asked"]}, "claim": {"params": {"w": "Worker", "j": "Job"}, "guards": ["idle", "ready"]}, "start": {"params": {"w": "Worker"}, "guards": ["leased", "fenced"]}, "heartbeat": {"params": {"w": "Worker"}, "guards": ["leased", "fenced", "in_time"]}, "expire": {"params": {"j": "Job"}, "guards": ["live"]}, "settle_done": {"params": {"w": "Worker"}, "guards": ["running", "leased", "fenced", "evidence"]}, "settle_failed": {"params": {"w": "Worker"}, "guards": ["leased", "fenced"]}, "settle_released": {"params": {"w": "Worker"}, "guards": ["leased", "fenced"]}, "abandon": {"params": {"w": "Worker"}, "guards": ["lost"]}, "crash": {"params": {"w": "Worker"}, "guards": []}, "restart": {"params": {"w": "Worker"}, "guards": ["down"]}, "send": {"params": {"j": "Job"}, "guards": []}, "confirm": {"params": {"j": "Job"}, "guards": ["stored"]}, "look": {"params": {"r": "Recoverer", "j": "Job"}, "guards": ["up", "expired"]}, "recover": {"params": {"r": "Recoverer"}, "guards": ["expired"]}, "recoverer_crash": {"params": {"r": "Recoverer"}, "guards": []}, "recoverer_restart": {"params": {"r": "Recoverer"}, "guards": []}, "write_first": {"params": {"w": "Worker"}, "guards": ["begun", "leased", "fenced", "unrecorded"]}, "write_second": {"params": {"w": "Worker"}, "guards": ["first", "leased", "fenced"]}, "record": {"params": {"w": "Worker"}, "guards": ["second", "leased", "fenced", "once"]}, "lose_reply": {"params": {"w": "Worker"}, "guards": ["recorded"]}, "find_recorded": {"params": {"w": "Worker"}, "guards": ["recorded"]}, "notify": {"params": {"j": "Job"}, "guards": ["due"]}, "pass_deadline": {"params": {"j": "Job"}, "guards": ["claimed"]}, "cancel": {"params": {"j": "Job"}, "guards": ["open"]}}, "constants": {"MaxFails": 100, "MaxInterrupts": 100}}');
INSERT INTO meta VALUES('epoch','1');
INSERT INTO meta VALUES('boot','boot 1');
INSERT INTO meta VALUES('file','65024:2187976');
DROP TABLE IF EXISTS notice;
CREATE TABLE notice (  -- deaths that were told, and not heard of
  job INTEGER PRIMARY KEY REFERENCES job (id),
  tries INTEGER NOT NULL,  -- as of a message
  due INTEGER,
  error TEXT
) STRICT;
DROP TABLE IF EXISTS origin;
CREATE TABLE origin (  -- a state from which the trace is followed; `meta` says after which row
  element TEXT PRIMARY KEY,  -- such as `job1`; one that is not here is as in the beginning
  state TEXT NOT NULL CHECK (json_valid(state))  -- the fields that are not
) STRICT;
DROP TABLE IF EXISTS outbox;
CREATE TABLE outbox (  -- what is to be done elsewhere, at least once
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,  -- for the receiver, who must do it once
  job INTEGER NOT NULL REFERENCES job (id),
  topic TEXT NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body)),
  sent INTEGER NOT NULL DEFAULT 0 CHECK (sent IN (0, 1)),
  tries INTEGER NOT NULL DEFAULT 0,  -- how often it was handed over
  due INTEGER DEFAULT 0,  -- by the clock of the boot, in ms: not before; none if it is given up
  error TEXT,  -- why it was not taken last time
  UNIQUE (topic, key)
) STRICT;
INSERT INTO outbox VALUES(1,'done/mail/1',1,'mail','1',0,0,0,NULL);
CREATE INDEX outbox_is_unsent ON outbox (topic, due) WHERE NOT sent;
CREATE INDEX outbox_of_a_job ON outbox (job);
DROP TABLE IF EXISTS process;
CREATE TABLE process (  -- who has ever opened the queue: a number is used once
  id INTEGER PRIMARY KEY,
  sort TEXT NOT NULL,
  pid INTEGER NOT NULL
) STRICT;
INSERT INTO process VALUES(1,'Worker',15154);
INSERT INTO process VALUES(2,'Worker',15154);
DROP TABLE IF EXISTS task;
CREATE TABLE task (  -- what a job is about, and when
  id INTEGER PRIMARY KEY REFERENCES job (id) DEFERRABLE INITIALLY DEFERRED,
  key TEXT NOT NULL,  -- the idempotency key of its request; a retry has that of the dead job
  kind TEXT NOT NULL,  -- which handler
  payload TEXT NOT NULL CHECK (json_valid(payload)),
  timeout_ms INTEGER NOT NULL CHECK (timeout_ms > 0),  -- how long one attempt may take
  due INTEGER,  -- by the clock of the boot, in ms: its place in line; only while it is ready
  wait_until INTEGER CHECK (wait_until IS NULL OR due IS NULL),  -- by the wall clock: or this
  lease_until INTEGER,  -- by the clock of the boot, in ms: only while it is claimed
  deadline INTEGER,  -- by the clock of the boot, in ms: of the attempt
  failed_at INTEGER,  -- by the clock of the boot, in ms: its last failure
  retry_of INTEGER REFERENCES job (id)  -- the dead job that this one does again
) STRICT;
INSERT INTO task VALUES(1,'done','work','1',300000,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO task VALUES(2,'dead','fail','null',300000,NULL,NULL,NULL,NULL,1000000,NULL);
INSERT INTO task VALUES(3,'cancelled','other','null',300000,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO task VALUES(4,'dead','fail','null',300000,1000000,NULL,NULL,NULL,NULL,2);
INSERT INTO task VALUES(5,'ready','work','{"a": ["b"]}',300000,1000000,NULL,NULL,NULL,NULL,NULL);
INSERT INTO task VALUES(6,'later','work','4',300000,NULL,1900000060000,NULL,NULL,NULL,NULL);
INSERT INTO task VALUES(7,'claimed','held','null',300000,NULL,NULL,1010000,1300000,NULL,NULL);
CREATE INDEX task_has_failed ON task (kind, failed_at) WHERE failed_at IS NOT NULL;
CREATE UNIQUE INDEX task_is_a_retry ON task (retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX task_is_due ON task (kind, due) WHERE due IS NOT NULL;
CREATE INDEX task_is_leased ON task (lease_until) WHERE lease_until IS NOT NULL;
CREATE UNIQUE INDEX task_of_a_key ON task (key) WHERE retry_of IS NULL;
CREATE INDEX task_waits ON task (kind, wait_until) WHERE wait_until IS NOT NULL;
DROP TABLE IF EXISTS trace;
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
INSERT INTO trace VALUES(1,'job1','enqueue','{"j": "job1"}','{"status[job1]": "absent", "max_fails[job1]": 100, "max_interrupts[job1]": 100}','{"status[job1]": "ready", "max_fails[job1]": 3, "max_interrupts[job1]": 10}','[[0, "send", {"j": "job1"}]]',NULL,1796001512771);
INSERT INTO trace VALUES(2,'job2','enqueue','{"j": "job2"}','{"status[job2]": "absent", "max_fails[job2]": 100, "max_interrupts[job2]": 100}','{"status[job2]": "ready", "max_fails[job2]": 1, "max_interrupts[job2]": 10}','[[1, "send", {"j": "job2"}]]',NULL,1796001512779);
INSERT INTO trace VALUES(3,'worker1','claim','{"w": "worker1", "j": "job1"}','{"status[job1]": "ready", "lease[job1]": "none", "token[job1]": 0, "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0}','{"status[job1]": "claimed", "lease[job1]": "live", "token[job1]": 1, "pc[worker1]": "claimed", "job[worker1]": "job1", "held[worker1]": 1}','[]',NULL,1796001512858);
INSERT INTO trace VALUES(4,'worker1','heartbeat','{"w": "worker1"}','{}','{}','[[3, "start", {"w": "worker1"}]]',NULL,1796001512863);
INSERT INTO trace VALUES(5,'worker1','write_first','{"w": "worker1"}','{"first[job1]": 0, "progress[worker1]": "begun"}','{"first[job1]": 1, "progress[worker1]": "first"}','[]',NULL,1796001512867);
INSERT INTO trace VALUES(6,'worker1','write_second','{"w": "worker1"}','{"second[job1]": 0, "progress[worker1]": "first"}','{"second[job1]": 1, "progress[worker1]": "second"}','[]',NULL,1796001512867);
INSERT INTO trace VALUES(7,'worker1','record','{"w": "worker1"}','{"recorded[job1]": false, "progress[worker1]": "second"}','{"recorded[job1]": true, "progress[worker1]": "recorded"}','[]',NULL,1796001512867);
INSERT INTO trace VALUES(8,'worker1','settle_done','{"w": "worker1"}','{"status[job1]": "claimed", "lease[job1]": "live", "pc[worker1]": "running", "job[worker1]": "job1", "held[worker1]": 1, "progress[worker1]": "recorded"}','{"status[job1]": "done", "lease[job1]": "none", "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0, "progress[worker1]": "outside"}','[]',NULL,1796001512867);
INSERT INTO trace VALUES(9,'worker1','claim','{"w": "worker1", "j": "job2"}','{"status[job2]": "ready", "lease[job2]": "none", "token[job2]": 0, "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0}','{"status[job2]": "claimed", "lease[job2]": "live", "token[job2]": 1, "pc[worker1]": "claimed", "job[worker1]": "job2", "held[worker1]": 1}','[]',NULL,1796001512867);
INSERT INTO trace VALUES(10,'worker1','settle_failed','{"w": "worker1"}','{"fails[job2]": 0, "status[job2]": "claimed", "reason[job2]": "none", "lease[job2]": "live", "letter[job2]": "none", "notice[job2]": "none", "pc[worker1]": "running", "job[worker1]": "job2", "held[worker1]": 1, "progress[worker1]": "begun"}','{"fails[job2]": 1, "status[job2]": "dead", "reason[job2]": "failures", "lease[job2]": "none", "letter[job2]": "nothing", "notice[job2]": "due", "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0, "progress[worker1]": "outside"}','[[9, "start", {"w": "worker1"}]]','RuntimeError: no',1796001512871);
INSERT INTO trace VALUES(11,'job3','enqueue','{"j": "job3"}','{"status[job3]": "absent", "max_fails[job3]": 100, "max_interrupts[job3]": 100}','{"status[job3]": "ready", "max_fails[job3]": 3, "max_interrupts[job3]": 10}','[[10, "send", {"j": "job3"}]]',NULL,1796001512891);
INSERT INTO trace VALUES(12,'job3','cancel','{"j": "job3"}','{"status[job3]": "ready", "reason[job3]": "none", "letter[job3]": "none", "notice[job3]": "none"}','{"status[job3]": "dead", "reason[job3]": "cancelled", "letter[job3]": "nothing", "notice[job3]": "due"}','[]',NULL,1796001512899);
INSERT INTO trace VALUES(13,'job4','enqueue','{"j": "job4"}','{"status[job4]": "absent", "max_fails[job4]": 100, "max_interrupts[job4]": 100}','{"status[job4]": "ready", "max_fails[job4]": 1, "max_interrupts[job4]": 10}','[[12, "send", {"j": "job4"}]]',NULL,1796001512911);
INSERT INTO trace VALUES(14,'job5','enqueue','{"j": "job5"}','{"status[job5]": "absent", "max_fails[job5]": 100, "max_interrupts[job5]": 100}','{"status[job5]": "ready", "max_fails[job5]": 7, "max_interrupts[job5]": 10}','[[13, "send", {"j": "job5"}]]',NULL,1796001512913);
INSERT INTO trace VALUES(15,'job6','enqueue','{"j": "job6"}','{"status[job6]": "absent", "max_fails[job6]": 100, "max_interrupts[job6]": 100}','{"status[job6]": "ready", "max_fails[job6]": 3, "max_interrupts[job6]": 10}','[[14, "send", {"j": "job6"}]]',NULL,1796001512919);
INSERT INTO trace VALUES(16,'job7','enqueue','{"j": "job7"}','{"status[job7]": "absent", "max_fails[job7]": 100, "max_interrupts[job7]": 100}','{"status[job7]": "ready", "max_fails[job7]": 3, "max_interrupts[job7]": 10}','[[15, "send", {"j": "job7"}]]',NULL,1796001512923);
INSERT INTO trace VALUES(17,'worker2','claim','{"w": "worker2", "j": "job7"}','{"status[job7]": "ready", "lease[job7]": "none", "token[job7]": 0, "pc[worker2]": "idle", "job[worker2]": null, "held[worker2]": 0}','{"status[job7]": "claimed", "lease[job7]": "live", "token[job7]": 1, "pc[worker2]": "claimed", "job[worker2]": "job7", "held[worker2]": 1}','[]',NULL,1796001512932);
CREATE TRIGGER trace_is_not_rewritten BEFORE UPDATE ON trace
BEGIN SELECT RAISE(ABORT, 'the trace is append-only'); END;
CREATE TRIGGER trace_is_not_shortened BEFORE DELETE ON trace
BEGIN SELECT RAISE(ABORT, 'the trace is append-only'); END;
COMMIT TRANSACTION;
