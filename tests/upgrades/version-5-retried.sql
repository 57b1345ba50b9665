PRAGMA application_id = 1717989681;
PRAGMA user_version = 5;
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
INSERT INTO checkpoint VALUES(2,'result','looked','2');
DROP TABLE IF EXISTS job;
CREATE TABLE job (
  id INTEGER PRIMARY KEY,  -- Job 1, 2, ...
  status TEXT NOT NULL CHECK (status IN ('ready', 'claimed', 'done', 'dead')),  -- where the job is
  token INTEGER NOT NULL CONSTRAINT range_token CHECK (token BETWEEN 0 AND 200),  -- how often it has been claimed: the fencing token of its claim
  epoch INTEGER NOT NULL CONSTRAINT range_epoch CHECK (epoch BETWEEN 0 AND 100),  -- how often it was lost or put back: the history of its tokens
  lease TEXT NOT NULL CHECK (lease IN ('none', 'live', 'expired')),  -- how its claim stands
  fails INTEGER NOT NULL CONSTRAINT range_fails CHECK (fails BETWEEN 0 AND 100),  -- how many claims ended in failure
  interrupts INTEGER NOT NULL CONSTRAINT range_interrupts CHECK (interrupts BETWEEN 0 AND 100),  -- how many claims were cut short
  reason TEXT NOT NULL CHECK (reason IN ('none', 'failures', 'interruptions', 'cancelled')),  -- why it is dead
  notice TEXT NOT NULL CHECK (notice IN ('none', 'due', 'sent')),  -- what has been said of its death
  overdue INTEGER NOT NULL CHECK (overdue IN (0, 1)),  -- the deadline of the last claim has passed
  old INTEGER NOT NULL CHECK (old IN (0, 1)),  -- its row is older than the horizon
  "first" INTEGER NOT NULL CONSTRAINT range_first CHECK ("first" BETWEEN 0 AND 200),  -- the token under which the first half was written last
  second INTEGER NOT NULL CONSTRAINT range_second CHECK (second BETWEEN 0 AND 200),  -- the token under which the second half was written last
  recorded INTEGER NOT NULL CHECK (recorded IN (0, 1)),  -- the effect is committed: its idempotency record
  letter TEXT NOT NULL CHECK (letter IN ('none', 'nothing', 'half', 'both', 'applied')),  -- what the dead letter says of the effect
  max_fails INTEGER NOT NULL CONSTRAINT range_max_fails CHECK (max_fails BETWEEN 0 AND 100),  -- how many failures a job survives, less one
  max_interrupts INTEGER NOT NULL CONSTRAINT range_max_interrupts CHECK (max_interrupts BETWEEN 0 AND 100),  -- how many interruptions a job survives, less one
  key TEXT NOT NULL,  -- of its request; a retry has that of the dead job
  kind TEXT NOT NULL,  -- which handler
  timeout_ms INTEGER NOT NULL CHECK (timeout_ms > 0),  -- how long one attempt may take
  retry_of INTEGER REFERENCES job (id),  -- the dead job that this one does again
  due INTEGER,  -- by the clock of the boot, in ms: its place in line, while it is ready
  wait_until INTEGER CHECK (wait_until IS NULL OR due IS NULL),  -- by the wall clock: or this
  lease_until INTEGER,  -- by the clock of the boot, in ms: while it is claimed
  deadline INTEGER,  -- by the clock of the boot, in ms: of the attempt
  failed_at INTEGER,  -- by the clock of the boot, in ms: its last failure
  payload TEXT NOT NULL CHECK (json_valid(payload)),  -- for the handler
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
  -- There is a notice exactly for each job that is dead.
  CONSTRAINT "INV-025 deaths_are_announced" CHECK (
      (status = 'dead') = (notice <> 'none')
  ),
  -- A job that is not in the queue is not old: nothing of it is kept.
  CONSTRAINT "INV-022 only_rows_grow_old" CHECK (
      (NOT (status = 'absent') OR NOT old)
  ),
  -- Whoever reads a committed effect sees two halves of one attempt.
  CONSTRAINT "INV-008 no_hidden_partial_update" CHECK (
      (NOT recorded OR "first" = second AND 0 < "first")
  ),
  -- The dead letter says just what was written.
  CONSTRAINT "INV-008 dead_letters_are_true" CHECK (
      (NOT (status = 'dead') OR letter = CASE WHEN recorded THEN 'applied' WHEN "first" = 0 THEN 'nothing' WHEN "first" = second THEN 'both' ELSE 'half' END)
  )
) STRICT;
INSERT INTO job VALUES(1,'done',1,0,'none',0,0,'none','none',0,0,1,1,1,'none',3,10,'work 1','work',300000,NULL,NULL,NULL,NULL,NULL,NULL,'1');
INSERT INTO job VALUES(2,'done',1,0,'none',0,0,'none','none',0,0,1,1,1,'none',3,10,'work 2','work',300000,NULL,NULL,NULL,NULL,NULL,NULL,'2');
INSERT INTO job VALUES(3,'dead',1,0,'none',1,0,'failures','sent',0,0,0,0,0,'nothing',1,10,'again','fail',300000,NULL,NULL,NULL,NULL,NULL,1000000,'3');
INSERT INTO job VALUES(4,'dead',1,0,'none',1,0,'failures','sent',0,0,0,0,0,'nothing',1,10,'again','fail',300000,3,NULL,NULL,NULL,NULL,1000000,'3');
INSERT INTO job VALUES(5,'ready',0,0,'none',0,0,'none','none',0,0,0,0,0,'none',1,10,'again','fail',300000,4,1000000,NULL,NULL,NULL,NULL,'3');
INSERT INTO job VALUES(6,'dead',0,0,'none',0,0,'cancelled','sent',0,0,0,0,0,'nothing',3,10,'gone','work',300000,NULL,NULL,NULL,NULL,NULL,NULL,'null');
INSERT INTO job VALUES(7,'ready',0,0,'none',0,0,'none','none',0,0,0,0,0,'none',3,10,'later','work',300000,NULL,NULL,1900003600000,NULL,NULL,NULL,'null');
CREATE INDEX job_has_a_notice ON job (notice) WHERE notice = 'due';
CREATE INDEX job_has_failed ON job (kind, failed_at) WHERE failed_at IS NOT NULL;
CREATE UNIQUE INDEX job_is_a_retry ON job (retry_of) WHERE retry_of IS NOT NULL;
CREATE TRIGGER job_is_changed AFTER UPDATE OF id, status, token, epoch, lease, fails, interrupts, reason, notice, overdue, old, "first", second, recorded, letter, max_fails, max_interrupts ON job
BEGIN
INSERT INTO trace (actor, action, params, before, after, unseen, note)
SELECT step.value ->> 0, step.value ->> 1, step.value ->> 2,
  '{' || substr(
    iif(OLD.status IS NOT NEW.status AND step.value ->> 3 & 1, ', "status[job' || NEW.id || ']": ' || '"' || OLD.status || '"', '')
    || iif(OLD.token IS NOT NEW.token AND step.value ->> 3 & 2, ', "token[job' || NEW.id || ']": ' || OLD.token, '')
    || iif(OLD.epoch IS NOT NEW.epoch AND step.value ->> 3 & 4, ', "epoch[job' || NEW.id || ']": ' || OLD.epoch, '')
    || iif(OLD.lease IS NOT NEW.lease AND step.value ->> 3 & 8, ', "lease[job' || NEW.id || ']": ' || '"' || OLD.lease || '"', '')
    || iif(OLD.fails IS NOT NEW.fails AND step.value ->> 3 & 16, ', "fails[job' || NEW.id || ']": ' || OLD.fails, '')
    || iif(OLD.interrupts IS NOT NEW.interrupts AND step.value ->> 3 & 32, ', "interrupts[job' || NEW.id || ']": ' || OLD.interrupts, '')
    || iif(OLD.reason IS NOT NEW.reason AND step.value ->> 3 & 64, ', "reason[job' || NEW.id || ']": ' || '"' || OLD.reason || '"', '')
    || iif(OLD.notice IS NOT NEW.notice AND step.value ->> 3 & 128, ', "notice[job' || NEW.id || ']": ' || '"' || OLD.notice || '"', '')
    || iif(OLD.overdue IS NOT NEW.overdue AND step.value ->> 3 & 256, ', "overdue[job' || NEW.id || ']": ' || iif(OLD.overdue, 'true', 'false'), '')
    || iif(OLD.old IS NOT NEW.old AND step.value ->> 3 & 512, ', "old[job' || NEW.id || ']": ' || iif(OLD.old, 'true', 'false'), '')
    || iif(OLD."first" IS NOT NEW."first" AND step.value ->> 3 & 1024, ', "first[job' || NEW.id || ']": ' || OLD."first", '')
    || iif(OLD.second IS NOT NEW.second AND step.value ->> 3 & 2048, ', "second[job' || NEW.id || ']": ' || OLD.second, '')
    || iif(OLD.recorded IS NOT NEW.recorded AND step.value ->> 3 & 4096, ', "recorded[job' || NEW.id || ']": ' || iif(OLD.recorded, 'true', 'false'), '')
    || iif(OLD.letter IS NOT NEW.letter AND step.value ->> 3 & 8192, ', "letter[job' || NEW.id || ']": ' || '"' || OLD.letter || '"', '')
    || iif(OLD.max_fails IS NOT NEW.max_fails AND step.value ->> 3 & 16384, ', "max_fails[job' || NEW.id || ']": ' || OLD.max_fails, '')
    || iif(OLD.max_interrupts IS NOT NEW.max_interrupts AND step.value ->> 3 & 32768, ', "max_interrupts[job' || NEW.id || ']": ' || OLD.max_interrupts, '')
    || (step.value ->> 4), 3) || '}',
  '{' || substr(
    iif(OLD.status IS NOT NEW.status AND step.value ->> 3 & 1, ', "status[job' || NEW.id || ']": ' || '"' || NEW.status || '"', '')
    || iif(OLD.token IS NOT NEW.token AND step.value ->> 3 & 2, ', "token[job' || NEW.id || ']": ' || NEW.token, '')
    || iif(OLD.epoch IS NOT NEW.epoch AND step.value ->> 3 & 4, ', "epoch[job' || NEW.id || ']": ' || NEW.epoch, '')
    || iif(OLD.lease IS NOT NEW.lease AND step.value ->> 3 & 8, ', "lease[job' || NEW.id || ']": ' || '"' || NEW.lease || '"', '')
    || iif(OLD.fails IS NOT NEW.fails AND step.value ->> 3 & 16, ', "fails[job' || NEW.id || ']": ' || NEW.fails, '')
    || iif(OLD.interrupts IS NOT NEW.interrupts AND step.value ->> 3 & 32, ', "interrupts[job' || NEW.id || ']": ' || NEW.interrupts, '')
    || iif(OLD.reason IS NOT NEW.reason AND step.value ->> 3 & 64, ', "reason[job' || NEW.id || ']": ' || '"' || NEW.reason || '"', '')
    || iif(OLD.notice IS NOT NEW.notice AND step.value ->> 3 & 128, ', "notice[job' || NEW.id || ']": ' || '"' || NEW.notice || '"', '')
    || iif(OLD.overdue IS NOT NEW.overdue AND step.value ->> 3 & 256, ', "overdue[job' || NEW.id || ']": ' || iif(NEW.overdue, 'true', 'false'), '')
    || iif(OLD.old IS NOT NEW.old AND step.value ->> 3 & 512, ', "old[job' || NEW.id || ']": ' || iif(NEW.old, 'true', 'false'), '')
    || iif(OLD."first" IS NOT NEW."first" AND step.value ->> 3 & 1024, ', "first[job' || NEW.id || ']": ' || NEW."first", '')
    || iif(OLD.second IS NOT NEW.second AND step.value ->> 3 & 2048, ', "second[job' || NEW.id || ']": ' || NEW.second, '')
    || iif(OLD.recorded IS NOT NEW.recorded AND step.value ->> 3 & 4096, ', "recorded[job' || NEW.id || ']": ' || iif(NEW.recorded, 'true', 'false'), '')
    || iif(OLD.letter IS NOT NEW.letter AND step.value ->> 3 & 8192, ', "letter[job' || NEW.id || ']": ' || '"' || NEW.letter || '"', '')
    || iif(OLD.max_fails IS NOT NEW.max_fails AND step.value ->> 3 & 16384, ', "max_fails[job' || NEW.id || ']": ' || NEW.max_fails, '')
    || iif(OLD.max_interrupts IS NOT NEW.max_interrupts AND step.value ->> 3 & 32768, ', "max_interrupts[job' || NEW.id || ']": ' || NEW.max_interrupts, '')
    || (step.value ->> 5), 3) || '}',
  step.value ->> 6, step.value ->> 7
FROM json_each(ffq_steps(NEW.id, OLD.token, OLD.epoch)) AS step;
END;
CREATE INDEX job_is_due ON job (kind, due) WHERE due IS NOT NULL;
CREATE INDEX job_is_leased ON job (lease_until) WHERE lease_until IS NOT NULL;
CREATE TRIGGER job_is_put_in AFTER INSERT ON job
BEGIN
INSERT INTO trace (actor, action, params, before, after, unseen, note)
SELECT step.value ->> 0, step.value ->> 1, step.value ->> 2,
  '{' || substr(
    iif('absent' IS NOT NEW.status AND step.value ->> 3 & 1, ', "status[job' || NEW.id || ']": ' || '"' || 'absent' || '"', '')
    || iif(0 IS NOT NEW.token AND step.value ->> 3 & 2, ', "token[job' || NEW.id || ']": ' || 0, '')
    || iif(0 IS NOT NEW.epoch AND step.value ->> 3 & 4, ', "epoch[job' || NEW.id || ']": ' || 0, '')
    || iif('none' IS NOT NEW.lease AND step.value ->> 3 & 8, ', "lease[job' || NEW.id || ']": ' || '"' || 'none' || '"', '')
    || iif(0 IS NOT NEW.fails AND step.value ->> 3 & 16, ', "fails[job' || NEW.id || ']": ' || 0, '')
    || iif(0 IS NOT NEW.interrupts AND step.value ->> 3 & 32, ', "interrupts[job' || NEW.id || ']": ' || 0, '')
    || iif('none' IS NOT NEW.reason AND step.value ->> 3 & 64, ', "reason[job' || NEW.id || ']": ' || '"' || 'none' || '"', '')
    || iif('none' IS NOT NEW.notice AND step.value ->> 3 & 128, ', "notice[job' || NEW.id || ']": ' || '"' || 'none' || '"', '')
    || iif(0 IS NOT NEW.overdue AND step.value ->> 3 & 256, ', "overdue[job' || NEW.id || ']": ' || iif(0, 'true', 'false'), '')
    || iif(0 IS NOT NEW.old AND step.value ->> 3 & 512, ', "old[job' || NEW.id || ']": ' || iif(0, 'true', 'false'), '')
    || iif(0 IS NOT NEW."first" AND step.value ->> 3 & 1024, ', "first[job' || NEW.id || ']": ' || 0, '')
    || iif(0 IS NOT NEW.second AND step.value ->> 3 & 2048, ', "second[job' || NEW.id || ']": ' || 0, '')
    || iif(0 IS NOT NEW.recorded AND step.value ->> 3 & 4096, ', "recorded[job' || NEW.id || ']": ' || iif(0, 'true', 'false'), '')
    || iif('none' IS NOT NEW.letter AND step.value ->> 3 & 8192, ', "letter[job' || NEW.id || ']": ' || '"' || 'none' || '"', '')
    || iif(100 IS NOT NEW.max_fails AND step.value ->> 3 & 16384, ', "max_fails[job' || NEW.id || ']": ' || 100, '')
    || iif(100 IS NOT NEW.max_interrupts AND step.value ->> 3 & 32768, ', "max_interrupts[job' || NEW.id || ']": ' || 100, '')
    || (step.value ->> 4), 3) || '}',
  '{' || substr(
    iif('absent' IS NOT NEW.status AND step.value ->> 3 & 1, ', "status[job' || NEW.id || ']": ' || '"' || NEW.status || '"', '')
    || iif(0 IS NOT NEW.token AND step.value ->> 3 & 2, ', "token[job' || NEW.id || ']": ' || NEW.token, '')
    || iif(0 IS NOT NEW.epoch AND step.value ->> 3 & 4, ', "epoch[job' || NEW.id || ']": ' || NEW.epoch, '')
    || iif('none' IS NOT NEW.lease AND step.value ->> 3 & 8, ', "lease[job' || NEW.id || ']": ' || '"' || NEW.lease || '"', '')
    || iif(0 IS NOT NEW.fails AND step.value ->> 3 & 16, ', "fails[job' || NEW.id || ']": ' || NEW.fails, '')
    || iif(0 IS NOT NEW.interrupts AND step.value ->> 3 & 32, ', "interrupts[job' || NEW.id || ']": ' || NEW.interrupts, '')
    || iif('none' IS NOT NEW.reason AND step.value ->> 3 & 64, ', "reason[job' || NEW.id || ']": ' || '"' || NEW.reason || '"', '')
    || iif('none' IS NOT NEW.notice AND step.value ->> 3 & 128, ', "notice[job' || NEW.id || ']": ' || '"' || NEW.notice || '"', '')
    || iif(0 IS NOT NEW.overdue AND step.value ->> 3 & 256, ', "overdue[job' || NEW.id || ']": ' || iif(NEW.overdue, 'true', 'false'), '')
    || iif(0 IS NOT NEW.old AND step.value ->> 3 & 512, ', "old[job' || NEW.id || ']": ' || iif(NEW.old, 'true', 'false'), '')
    || iif(0 IS NOT NEW."first" AND step.value ->> 3 & 1024, ', "first[job' || NEW.id || ']": ' || NEW."first", '')
    || iif(0 IS NOT NEW.second AND step.value ->> 3 & 2048, ', "second[job' || NEW.id || ']": ' || NEW.second, '')
    || iif(0 IS NOT NEW.recorded AND step.value ->> 3 & 4096, ', "recorded[job' || NEW.id || ']": ' || iif(NEW.recorded, 'true', 'false'), '')
    || iif('none' IS NOT NEW.letter AND step.value ->> 3 & 8192, ', "letter[job' || NEW.id || ']": ' || '"' || NEW.letter || '"', '')
    || iif(100 IS NOT NEW.max_fails AND step.value ->> 3 & 16384, ', "max_fails[job' || NEW.id || ']": ' || NEW.max_fails, '')
    || iif(100 IS NOT NEW.max_interrupts AND step.value ->> 3 & 32768, ', "max_interrupts[job' || NEW.id || ']": ' || NEW.max_interrupts, '')
    || (step.value ->> 5), 3) || '}',
  step.value ->> 6, step.value ->> 7
FROM json_each(ffq_steps(NEW.id, 0, 0)) AS step;
END;
CREATE TRIGGER job_is_taken_out AFTER DELETE ON job
BEGIN
INSERT INTO trace (actor, action, params, before, after, unseen, note)
SELECT step.value ->> 0, step.value ->> 1, step.value ->> 2,
  '{' || substr(
    iif(OLD.status IS NOT 'absent' AND step.value ->> 3 & 1, ', "status[job' || OLD.id || ']": ' || '"' || OLD.status || '"', '')
    || iif(OLD.token IS NOT 0 AND step.value ->> 3 & 2, ', "token[job' || OLD.id || ']": ' || OLD.token, '')
    || iif(OLD.epoch IS NOT 0 AND step.value ->> 3 & 4, ', "epoch[job' || OLD.id || ']": ' || OLD.epoch, '')
    || iif(OLD.lease IS NOT 'none' AND step.value ->> 3 & 8, ', "lease[job' || OLD.id || ']": ' || '"' || OLD.lease || '"', '')
    || iif(OLD.fails IS NOT 0 AND step.value ->> 3 & 16, ', "fails[job' || OLD.id || ']": ' || OLD.fails, '')
    || iif(OLD.interrupts IS NOT 0 AND step.value ->> 3 & 32, ', "interrupts[job' || OLD.id || ']": ' || OLD.interrupts, '')
    || iif(OLD.reason IS NOT 'none' AND step.value ->> 3 & 64, ', "reason[job' || OLD.id || ']": ' || '"' || OLD.reason || '"', '')
    || iif(OLD.notice IS NOT 'none' AND step.value ->> 3 & 128, ', "notice[job' || OLD.id || ']": ' || '"' || OLD.notice || '"', '')
    || iif(OLD.overdue IS NOT 0 AND step.value ->> 3 & 256, ', "overdue[job' || OLD.id || ']": ' || iif(OLD.overdue, 'true', 'false'), '')
    || iif(OLD.old IS NOT 0 AND step.value ->> 3 & 512, ', "old[job' || OLD.id || ']": ' || iif(OLD.old, 'true', 'false'), '')
    || iif(OLD."first" IS NOT 0 AND step.value ->> 3 & 1024, ', "first[job' || OLD.id || ']": ' || OLD."first", '')
    || iif(OLD.second IS NOT 0 AND step.value ->> 3 & 2048, ', "second[job' || OLD.id || ']": ' || OLD.second, '')
    || iif(OLD.recorded IS NOT 0 AND step.value ->> 3 & 4096, ', "recorded[job' || OLD.id || ']": ' || iif(OLD.recorded, 'true', 'false'), '')
    || iif(OLD.letter IS NOT 'none' AND step.value ->> 3 & 8192, ', "letter[job' || OLD.id || ']": ' || '"' || OLD.letter || '"', '')
    || iif(OLD.max_fails IS NOT 100 AND step.value ->> 3 & 16384, ', "max_fails[job' || OLD.id || ']": ' || OLD.max_fails, '')
    || iif(OLD.max_interrupts IS NOT 100 AND step.value ->> 3 & 32768, ', "max_interrupts[job' || OLD.id || ']": ' || OLD.max_interrupts, '')
    || (step.value ->> 4), 3) || '}',
  '{' || substr(
    iif(OLD.status IS NOT 'absent' AND step.value ->> 3 & 1, ', "status[job' || OLD.id || ']": ' || '"' || 'absent' || '"', '')
    || iif(OLD.token IS NOT 0 AND step.value ->> 3 & 2, ', "token[job' || OLD.id || ']": ' || 0, '')
    || iif(OLD.epoch IS NOT 0 AND step.value ->> 3 & 4, ', "epoch[job' || OLD.id || ']": ' || 0, '')
    || iif(OLD.lease IS NOT 'none' AND step.value ->> 3 & 8, ', "lease[job' || OLD.id || ']": ' || '"' || 'none' || '"', '')
    || iif(OLD.fails IS NOT 0 AND step.value ->> 3 & 16, ', "fails[job' || OLD.id || ']": ' || 0, '')
    || iif(OLD.interrupts IS NOT 0 AND step.value ->> 3 & 32, ', "interrupts[job' || OLD.id || ']": ' || 0, '')
    || iif(OLD.reason IS NOT 'none' AND step.value ->> 3 & 64, ', "reason[job' || OLD.id || ']": ' || '"' || 'none' || '"', '')
    || iif(OLD.notice IS NOT 'none' AND step.value ->> 3 & 128, ', "notice[job' || OLD.id || ']": ' || '"' || 'none' || '"', '')
    || iif(OLD.overdue IS NOT 0 AND step.value ->> 3 & 256, ', "overdue[job' || OLD.id || ']": ' || iif(0, 'true', 'false'), '')
    || iif(OLD.old IS NOT 0 AND step.value ->> 3 & 512, ', "old[job' || OLD.id || ']": ' || iif(0, 'true', 'false'), '')
    || iif(OLD."first" IS NOT 0 AND step.value ->> 3 & 1024, ', "first[job' || OLD.id || ']": ' || 0, '')
    || iif(OLD.second IS NOT 0 AND step.value ->> 3 & 2048, ', "second[job' || OLD.id || ']": ' || 0, '')
    || iif(OLD.recorded IS NOT 0 AND step.value ->> 3 & 4096, ', "recorded[job' || OLD.id || ']": ' || iif(0, 'true', 'false'), '')
    || iif(OLD.letter IS NOT 'none' AND step.value ->> 3 & 8192, ', "letter[job' || OLD.id || ']": ' || '"' || 'none' || '"', '')
    || iif(OLD.max_fails IS NOT 100 AND step.value ->> 3 & 16384, ', "max_fails[job' || OLD.id || ']": ' || 100, '')
    || iif(OLD.max_interrupts IS NOT 100 AND step.value ->> 3 & 32768, ', "max_interrupts[job' || OLD.id || ']": ' || 100, '')
    || (step.value ->> 5), 3) || '}',
  step.value ->> 6, step.value ->> 7
FROM json_each(ffq_steps(OLD.id, OLD.token, OLD.epoch)) AS step;
END;
CREATE UNIQUE INDEX job_of_a_key ON job (key) WHERE retry_of IS NULL;
CREATE INDEX job_waits ON job (kind, wait_until) WHERE wait_until IS NOT NULL;
DROP TABLE IF EXISTS meta;
CREATE TABLE meta (  -- which spec and which constants the file belongs to
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
INSERT INTO meta VALUES('spec','aa77ea18bc051822cd78ef36f7f53ba4');
INSERT INTO meta VALUES('constants','{"MaxFails": 100, "MaxInterrupts": 100, "Histories": 100, "Pages": 100}');
INSERT INTO meta VALUES('outline','{"fields": {"status": {"over": "Job", "survival": "durable", "type": ["absent", "ready", "claimed", "done", "dead"], "initial": "absent"}, "token": {"over": "Job", "survival": "durable", "type": 200, "initial": 0}, "epoch": {"over": "Job", "survival": "durable", "type": 100, "initial": 0}, "lease": {"over": "Job", "survival": "durable", "type": ["none", "live", "expired"], "initial": "none"}, "fails": {"over": "Job", "survival": "durable", "type": 100, "initial": 0}, "interrupts": {"over": "Job", "survival": "durable", "type": 100, "initial": 0}, "reason": {"over": "Job", "survival": "durable", "type": ["none", "failures", "interruptions", "cancelled"], "initial": "none"}, "successes": {"over": "Job", "survival": "ghost", "type": 102, "initial": 0}, "entered": {"over": "Job", "survival": "ghost", "type": "a truth value", "initial": false}, "pc": {"over": "Worker", "survival": "volatile", "type": ["idle", "claimed", "running", "down"], "initial": "idle"}, "job": {"over": "Worker", "survival": "volatile", "type": "Job", "initial": null}, "held": {"over": "Worker", "survival": "volatile", "type": 200, "initial": 0}, "held_epoch": {"over": "Worker", "survival": "volatile", "type": 100, "initial": 0}, "up": {"over": "Recoverer", "survival": "volatile", "type": "a truth value", "initial": true}, "seen": {"over": "Recoverer", "survival": "volatile", "type": "Job", "initial": null}, "notice": {"over": "Job", "survival": "durable", "type": ["none", "due", "sent"], "initial": "none"}, "overdue": {"over": "Job", "survival": "durable", "type": "a truth value", "initial": false}, "old": {"over": "Job", "survival": "durable", "type": "a truth value", "initial": false}, "content": {"over": "Job", "survival": "world", "type": "a truth value", "initial": false}, "known": {"over": "Job", "survival": "world", "type": "a truth value", "initial": false}, "understood": {"over": "Job", "survival": "ghost", "type": "a truth value", "initial": false}, "free": {"over": "Disk", "survival": "world", "type": 100, "initial": 100}, "request": {"over": "Job", "survival": "volatile", "type": ["none", "sent", "acked"], "initial": "none"}, "first": {"over": "Job", "survival": "durable", "type": 200, "initial": 0}, "second": {"over": "Job", "survival": "durable", "type": 200, "initial": 0}, "recorded": {"over": "Job", "survival": "durable", "type": "a truth value", "initial": false}, "letter": {"over": "Job", "survival": "durable", "type": ["none", "nothing", "half", "both", "applied"], "initial": "none"}, "applied": {"over": "Job", "survival": "ghost", "type": 2, "initial": 0}, "progress": {"over": "Worker", "survival": "volatile", "type": ["outside", "begun", "first", "second", "recorded"], "initial": "outside"}, "max_fails": {"over": "Job", "survival": "durable", "type": 100, "initial": 100}, "max_interrupts": {"over": "Job", "survival": "durable", "type": 100, "initial": 100}}, "actions": {"enqueue": {"params": {"j": "Job", "d": "Disk"}, "guards": ["new_key", "asking", "headroom", "asked"]}, "claim": {"params": {"w": "Worker", "j": "Job"}, "guards": ["idle", "ready", "known"]}, "start": {"params": {"w": "Worker"}, "guards": ["leased", "fenced"]}, "heartbeat": {"params": {"w": "Worker"}, "guards": ["leased", "fenced", "in_time"]}, "expire": {"params": {"j": "Job"}, "guards": ["live"]}, "settle_done": {"params": {"w": "Worker"}, "guards": ["running", "leased", "fenced", "evidence"]}, "settle_failed": {"params": {"w": "Worker"}, "guards": ["leased", "fenced"]}, "settle_released": {"params": {"w": "Worker"}, "guards": ["leased", "fenced"]}, "abandon": {"params": {"w": "Worker"}, "guards": ["lost"]}, "crash": {"params": {"w": "Worker"}, "guards": []}, "restart": {"params": {"w": "Worker"}, "guards": ["down"]}, "look": {"params": {"r": "Recoverer", "j": "Job"}, "guards": ["up", "expired"]}, "recover": {"params": {"r": "Recoverer"}, "guards": ["expired"]}, "recoverer_crash": {"params": {"r": "Recoverer"}, "guards": []}, "recoverer_restart": {"params": {"r": "Recoverer"}, "guards": []}, "notify": {"params": {"j": "Job"}, "guards": ["due"]}, "pass_deadline": {"params": {"j": "Job"}, "guards": ["claimed"]}, "be_content": {"params": {"j": "Job"}, "guards": []}, "deploy": {"params": {"j": "Job"}, "guards": []}, "roll_back": {"params": {"j": "Job"}, "guards": []}, "grow_old": {"params": {"j": "Job"}, "guards": ["stored", "outlives"]}, "prune": {"params": {"j": "Job", "d": "Disk"}, "guards": ["over", "old", "told"]}, "send": {"params": {"j": "Job"}, "guards": []}, "confirm": {"params": {"j": "Job"}, "guards": ["stored"]}, "write_first": {"params": {"w": "Worker"}, "guards": ["begun", "leased", "fenced", "unrecorded"]}, "write_second": {"params": {"w": "Worker"}, "guards": ["first", "leased", "fenced"]}, "record": {"params": {"w": "Worker"}, "guards": ["second", "leased", "fenced", "once"]}, "lose_reply": {"params": {"w": "Worker"}, "guards": ["recorded"]}, "find_recorded": {"params": {"w": "Worker"}, "guards": ["recorded"]}, "cancel": {"params": {"j": "Job"}, "guards": ["open"]}}, "constants": {"MaxFails": 100, "MaxInterrupts": 100, "Histories": 100, "Pages": 100}}');
INSERT INTO meta VALUES('epoch','1');
INSERT INTO meta VALUES('boot','boot 1');
INSERT INTO meta VALUES('file','65024:2171654');
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
INSERT INTO outbox VALUES(1,'work 1/mail/1',1,'mail','1',0,0,0,NULL);
INSERT INTO outbox VALUES(2,'work 2/mail/1',2,'mail','2',0,0,0,NULL);
CREATE INDEX outbox_is_unsent ON outbox (topic, due) WHERE NOT sent;
CREATE INDEX outbox_of_a_job ON outbox (job);
DROP TABLE IF EXISTS process;
CREATE TABLE process (  -- who has ever opened the queue: a number is used once
  id INTEGER PRIMARY KEY,
  sort TEXT NOT NULL,
  pid INTEGER NOT NULL
) STRICT;
INSERT INTO process VALUES(1,'Worker',27968);
INSERT INTO process VALUES(2,'Worker',27968);
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
INSERT INTO trace VALUES(1,'job1','enqueue','{"j": "job1", "d": "disk1"}','{"status[job1]": "absent", "max_fails[job1]": 100, "max_interrupts[job1]": 100}','{"status[job1]": "ready", "max_fails[job1]": 3, "max_interrupts[job1]": 10}','[[0, "send", {"j": "job1"}]]',NULL,1796032514315);
INSERT INTO trace VALUES(2,'job2','enqueue','{"j": "job2", "d": "disk1"}','{"status[job2]": "absent", "max_fails[job2]": 100, "max_interrupts[job2]": 100}','{"status[job2]": "ready", "max_fails[job2]": 3, "max_interrupts[job2]": 10}','[[1, "send", {"j": "job2"}]]',NULL,1796032514318);
INSERT INTO trace VALUES(3,'job3','enqueue','{"j": "job3", "d": "disk1"}','{"status[job3]": "absent", "max_fails[job3]": 100, "max_interrupts[job3]": 100}','{"status[job3]": "ready", "max_fails[job3]": 1, "max_interrupts[job3]": 10}','[[2, "send", {"j": "job3"}]]',NULL,1796032514327);
INSERT INTO trace VALUES(4,'worker1','claim','{"w": "worker1", "j": "job1"}','{"status[job1]": "ready", "token[job1]": 0, "lease[job1]": "none", "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0}','{"status[job1]": "claimed", "token[job1]": 1, "lease[job1]": "live", "pc[worker1]": "claimed", "job[worker1]": "job1", "held[worker1]": 1}','[]',NULL,1796032514333);
INSERT INTO trace VALUES(5,'worker1','heartbeat','{"w": "worker1"}','{}','{}','[[4, "start", {"w": "worker1"}]]',NULL,1796032514348);
INSERT INTO trace VALUES(6,'worker1','write_first','{"w": "worker1"}','{"first[job1]": 0, "progress[worker1]": "begun"}','{"first[job1]": 1, "progress[worker1]": "first"}','[]',NULL,1796032514356);
INSERT INTO trace VALUES(7,'worker1','write_second','{"w": "worker1"}','{"second[job1]": 0, "progress[worker1]": "first"}','{"second[job1]": 1, "progress[worker1]": "second"}','[]',NULL,1796032514356);
INSERT INTO trace VALUES(8,'worker1','record','{"w": "worker1"}','{"recorded[job1]": false, "progress[worker1]": "second"}','{"recorded[job1]": true, "progress[worker1]": "recorded"}','[]',NULL,1796032514357);
INSERT INTO trace VALUES(9,'worker1','settle_done','{"w": "worker1"}','{"status[job1]": "claimed", "lease[job1]": "live", "pc[worker1]": "running", "job[worker1]": "job1", "held[worker1]": 1, "progress[worker1]": "recorded"}','{"status[job1]": "done", "lease[job1]": "none", "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0, "progress[worker1]": "outside"}','[]',NULL,1796032514357);
INSERT INTO trace VALUES(10,'worker1','claim','{"w": "worker1", "j": "job2"}','{"status[job2]": "ready", "token[job2]": 0, "lease[job2]": "none", "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0}','{"status[job2]": "claimed", "token[job2]": 1, "lease[job2]": "live", "pc[worker1]": "claimed", "job[worker1]": "job2", "held[worker1]": 1}','[]',NULL,1796032514358);
INSERT INTO trace VALUES(11,'worker1','heartbeat','{"w": "worker1"}','{}','{}','[[10, "start", {"w": "worker1"}]]',NULL,1796032514363);
INSERT INTO trace VALUES(12,'worker1','write_first','{"w": "worker1"}','{"first[job2]": 0, "progress[worker1]": "begun"}','{"first[job2]": 1, "progress[worker1]": "first"}','[]',NULL,1796032514364);
INSERT INTO trace VALUES(13,'worker1','write_second','{"w": "worker1"}','{"second[job2]": 0, "progress[worker1]": "first"}','{"second[job2]": 1, "progress[worker1]": "second"}','[]',NULL,1796032514364);
INSERT INTO trace VALUES(14,'worker1','record','{"w": "worker1"}','{"recorded[job2]": false, "progress[worker1]": "second"}','{"recorded[job2]": true, "progress[worker1]": "recorded"}','[]',NULL,1796032514364);
INSERT INTO trace VALUES(15,'worker1','settle_done','{"w": "worker1"}','{"status[job2]": "claimed", "lease[job2]": "live", "pc[worker1]": "running", "job[worker1]": "job2", "held[worker1]": 1, "progress[worker1]": "recorded"}','{"status[job2]": "done", "lease[job2]": "none", "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0, "progress[worker1]": "outside"}','[]',NULL,1796032514364);
INSERT INTO trace VALUES(16,'worker1','claim','{"w": "worker1", "j": "job3"}','{"status[job3]": "ready", "token[job3]": 0, "lease[job3]": "none", "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0}','{"status[job3]": "claimed", "token[job3]": 1, "lease[job3]": "live", "pc[worker1]": "claimed", "job[worker1]": "job3", "held[worker1]": 1}','[]',NULL,1796032514364);
INSERT INTO trace VALUES(17,'worker1','settle_failed','{"w": "worker1"}','{"status[job3]": "claimed", "lease[job3]": "live", "fails[job3]": 0, "reason[job3]": "none", "notice[job3]": "none", "letter[job3]": "none", "pc[worker1]": "running", "job[worker1]": "job3", "held[worker1]": 1, "progress[worker1]": "begun"}','{"status[job3]": "dead", "lease[job3]": "none", "fails[job3]": 1, "reason[job3]": "failures", "notice[job3]": "due", "letter[job3]": "nothing", "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0, "progress[worker1]": "outside"}','[[16, "start", {"w": "worker1"}]]','ValueError: bad',1796032514367);
INSERT INTO trace VALUES(18,'job4','enqueue','{"j": "job4", "d": "disk1"}','{"status[job4]": "absent", "max_fails[job4]": 100, "max_interrupts[job4]": 100}','{"status[job4]": "ready", "max_fails[job4]": 1, "max_interrupts[job4]": 10}','[[17, "send", {"j": "job4"}]]',NULL,1796032514375);
INSERT INTO trace VALUES(19,'worker2','claim','{"w": "worker2", "j": "job4"}','{"status[job4]": "ready", "token[job4]": 0, "lease[job4]": "none", "pc[worker2]": "idle", "job[worker2]": null, "held[worker2]": 0}','{"status[job4]": "claimed", "token[job4]": 1, "lease[job4]": "live", "pc[worker2]": "claimed", "job[worker2]": "job4", "held[worker2]": 1}','[]',NULL,1796032514388);
INSERT INTO trace VALUES(20,'worker2','settle_failed','{"w": "worker2"}','{"status[job4]": "claimed", "lease[job4]": "live", "fails[job4]": 0, "reason[job4]": "none", "notice[job4]": "none", "letter[job4]": "none", "pc[worker2]": "running", "job[worker2]": "job4", "held[worker2]": 1, "progress[worker2]": "begun"}','{"status[job4]": "dead", "lease[job4]": "none", "fails[job4]": 1, "reason[job4]": "failures", "notice[job4]": "due", "letter[job4]": "nothing", "pc[worker2]": "idle", "job[worker2]": null, "held[worker2]": 0, "progress[worker2]": "outside"}','[[19, "start", {"w": "worker2"}]]','ValueError: bad',1796032514389);
INSERT INTO trace VALUES(21,'job5','enqueue','{"j": "job5", "d": "disk1"}','{"status[job5]": "absent", "max_fails[job5]": 100, "max_interrupts[job5]": 100}','{"status[job5]": "ready", "max_fails[job5]": 1, "max_interrupts[job5]": 10}','[[20, "send", {"j": "job5"}]]',NULL,1796032514403);
INSERT INTO trace VALUES(22,'job6','enqueue','{"j": "job6", "d": "disk1"}','{"status[job6]": "absent", "max_fails[job6]": 100, "max_interrupts[job6]": 100}','{"status[job6]": "ready", "max_fails[job6]": 3, "max_interrupts[job6]": 10}','[[21, "send", {"j": "job6"}]]',NULL,1796032514413);
INSERT INTO trace VALUES(23,'job6','cancel','{"j": "job6"}','{"status[job6]": "ready", "reason[job6]": "none", "notice[job6]": "none", "letter[job6]": "none"}','{"status[job6]": "dead", "reason[job6]": "cancelled", "notice[job6]": "due", "letter[job6]": "nothing"}','[]',NULL,1796032514423);
INSERT INTO trace VALUES(24,'job7','enqueue','{"j": "job7", "d": "disk1"}','{"status[job7]": "absent", "max_fails[job7]": 100, "max_interrupts[job7]": 100}','{"status[job7]": "ready", "max_fails[job7]": 3, "max_interrupts[job7]": 10}','[[23, "send", {"j": "job7"}]]',NULL,1796032514427);
INSERT INTO trace VALUES(25,'job3','notify','{"j": "job3"}','{"notice[job3]": "due"}','{"notice[job3]": "sent"}','[]',NULL,1796032514438);
INSERT INTO trace VALUES(26,'job4','notify','{"j": "job4"}','{"notice[job4]": "due"}','{"notice[job4]": "sent"}','[]',NULL,1796032514447);
INSERT INTO trace VALUES(27,'job6','notify','{"j": "job6"}','{"notice[job6]": "due"}','{"notice[job6]": "sent"}','[]',NULL,1796032514455);
CREATE TRIGGER trace_is_not_rewritten BEFORE UPDATE ON trace
BEGIN SELECT RAISE(ABORT, 'the trace is append-only'); END;
CREATE TRIGGER trace_is_not_shortened BEFORE DELETE ON trace
BEGIN SELECT RAISE(ABORT, 'the trace is append-only'); END;
COMMIT TRANSACTION;
