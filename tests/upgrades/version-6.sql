PRAGMA application_id = 1717989681;
PRAGMA user_version = 6;
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
INSERT INTO checkpoint VALUES(1,'result','looked','{"n": 1}');
DROP TABLE IF EXISTS ended;
CREATE TABLE ended (  -- work that is over, and not taken up again
  job INTEGER PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
  how TEXT NOT NULL CHECK (how IN ('done', 'dead', 'cancelled')),
  at INTEGER NOT NULL  -- in ms
) STRICT;
INSERT INTO ended VALUES(1,'done',1900000000000);
INSERT INTO ended VALUES(5,'cancelled',1900000000000);
CREATE INDEX ended_since ON ended (how, at);
DROP TABLE IF EXISTS failures;
CREATE TABLE failures (  -- of jobs of a kind, lately
  kind TEXT PRIMARY KEY,
  until INTEGER NOT NULL  -- in ms: when the budget has made up for all of them
) STRICT;
INSERT INTO failures VALUES('fail',1900000000600);
INSERT INTO failures VALUES('last',1900000000600);
DROP TABLE IF EXISTS job;
CREATE TABLE job (
  id INTEGER PRIMARY KEY,  -- Job 1, 2, ...
  status TEXT NOT NULL CHECK (status IN ('ready', 'claimed', 'done', 'dead')),  -- where the job is
  token INTEGER NOT NULL CONSTRAINT range_token CHECK (token BETWEEN 0 AND 200),  -- how often it has been claimed: the fencing token of its claim
  epoch INTEGER NOT NULL CONSTRAINT range_epoch CHECK (epoch BETWEEN 0 AND 100),  -- how often it was lost or put back: the history of its tokens
  lease INTEGER,  -- how its claim stands: until when, in ms
  fails INTEGER NOT NULL CONSTRAINT range_fails CHECK (fails BETWEEN 0 AND 100),  -- how many claims ended in failure
  interrupts INTEGER NOT NULL CONSTRAINT range_interrupts CHECK (interrupts BETWEEN 0 AND 100),  -- how many claims were cut short
  reason TEXT NOT NULL CHECK (reason IN ('none', 'failures', 'interruptions', 'cancelled')),  -- why it is dead
  notice TEXT NOT NULL CHECK (notice IN ('none', 'due', 'sent')),  -- what has been said of its death
  deadline INTEGER,  -- how the time of its claim stands: until when, in ms
  old INTEGER NOT NULL CHECK (old IN (0, 1)),  -- its row is older than the horizon
  "first" INTEGER NOT NULL CONSTRAINT range_first CHECK ("first" BETWEEN 0 AND 200),  -- the token under which the first half was written last
  second INTEGER NOT NULL CONSTRAINT range_second CHECK (second BETWEEN 0 AND 200),  -- the token under which the second half was written last
  recorded INTEGER NOT NULL CHECK (recorded IN (0, 1)),  -- the effect is committed: its idempotency record
  letter TEXT NOT NULL CHECK (letter IN ('none', 'nothing', 'half', 'both', 'applied')),  -- what the dead letter says of the effect
  due INTEGER,  -- whether its time has come: until when, in ms
  max_fails INTEGER NOT NULL CONSTRAINT range_max_fails CHECK (max_fails BETWEEN 0 AND 100),  -- how many failures a job survives, less one
  max_interrupts INTEGER NOT NULL CONSTRAINT range_max_interrupts CHECK (max_interrupts BETWEEN 0 AND 100),  -- how many interruptions a job survives, less one
  key TEXT NOT NULL,  -- of its request; a retry has that of the dead job
  kind TEXT NOT NULL,  -- which handler
  timeout_ms INTEGER NOT NULL CHECK (timeout_ms > 0),  -- how long one attempt may take
  retry_of INTEGER REFERENCES job (id),  -- the dead job that this one does again
  claimed_before INTEGER NOT NULL CHECK (claimed_before >= 0),  -- how many claims there were before under its key, or more
  payload TEXT NOT NULL CHECK (json_valid(payload)),  -- for the handler
  -- A job is claimed exactly while it has a lease.
  CONSTRAINT "INV-002 a_claim_is_one_record" CHECK (
      (status = 'claimed') = (lease IS NOT NULL)
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
  -- A job has a deadline exactly while it is claimed.
  CONSTRAINT "INV-011 deadlines_belong_to_claims" CHECK (
      (status = 'claimed') = (deadline IS NOT NULL)
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
  ),
  -- A job has a time exactly while it is ready: it is claimed when it is due.
  CONSTRAINT "INV-026 only_ready_jobs_wait" CHECK (
      (status = 'ready') = (due IS NOT NULL)
  )
) STRICT;
INSERT INTO job VALUES(1,'done',1,0,NULL,0,0,'none','none',NULL,0,1,1,1,'none',NULL,3,10,'done','work',300000,NULL,0,'{"n": 1}');
INSERT INTO job VALUES(2,'ready',1,0,NULL,1,0,'none','none',NULL,0,0,0,0,'none',1900000000566,3,10,'failed','fail',300000,NULL,0,'null');
INSERT INTO job VALUES(3,'dead',1,0,NULL,1,0,'failures','due',NULL,0,0,0,0,'nothing',NULL,1,10,'dead','last',300000,NULL,0,'null');
INSERT INTO job VALUES(4,'ready',0,0,NULL,0,0,'none','none',NULL,0,0,0,0,'none',1900000000000,1,10,'dead','last',300000,3,1,'null');
INSERT INTO job VALUES(5,'dead',0,0,NULL,0,0,'cancelled','due',NULL,0,0,0,0,'nothing',NULL,3,10,'cancelled','work',300000,NULL,0,'null');
INSERT INTO job VALUES(6,'ready',0,0,NULL,0,0,'none','none',NULL,0,0,0,0,'none',1900003600000,3,10,'delayed','work',300000,NULL,0,'null');
INSERT INTO job VALUES(7,'ready',0,0,NULL,0,0,'none','none',NULL,0,0,0,0,'none',1900000000000,3,10,'ready','work',300000,NULL,0,'null');
INSERT INTO job VALUES(8,'claimed',1,0,1900000030000,0,0,'none','none',1900000300000,0,0,0,0,'none',NULL,3,10,'held','held',300000,NULL,0,'null');
CREATE INDEX job_has_a_notice ON job (notice) WHERE notice = 'due';
CREATE UNIQUE INDEX job_is_a_retry ON job (retry_of) WHERE retry_of IS NOT NULL;
CREATE TRIGGER job_is_changed AFTER UPDATE ON job
BEGIN
INSERT INTO trace (actor, action, params, before, after, unseen, note, at)
SELECT step.value ->> 0, step.value ->> 1, step.value ->> 2,
  '{' || substr(
    iif(OLD.status IS NOT NEW.status AND step.value ->> 3 & 1, ', "status[job' || NEW.id || ']": ' || '"' || OLD.status || '"', '')
    || iif(OLD.token IS NOT NEW.token AND step.value ->> 3 & 2, ', "token[job' || NEW.id || ']": ' || OLD.token, '')
    || iif(OLD.epoch IS NOT NEW.epoch AND step.value ->> 3 & 4, ', "epoch[job' || NEW.id || ']": ' || OLD.epoch, '')
    || iif(OLD.lease IS NOT NEW.lease AND step.value ->> 3 & 8 AND CASE WHEN OLD.lease > (step.value ->> 8) THEN 'live' WHEN OLD.lease IS NULL THEN 'none' ELSE 'expired' END IS NOT CASE WHEN NEW.lease > ((step.value ->> 8) - 1) THEN 'live' WHEN NEW.lease IS NULL THEN 'none' ELSE 'expired' END OR OLD.lease <= (step.value ->> 8) AND step.value ->> 9 & 8, ', "lease[job' || NEW.id || ']": ' || '"' || CASE WHEN OLD.lease > (step.value ->> 8) THEN 'live' WHEN OLD.lease IS NULL THEN 'none' ELSE 'expired' END || '"', '')
    || iif(OLD.fails IS NOT NEW.fails AND step.value ->> 3 & 16, ', "fails[job' || NEW.id || ']": ' || OLD.fails, '')
    || iif(OLD.interrupts IS NOT NEW.interrupts AND step.value ->> 3 & 32, ', "interrupts[job' || NEW.id || ']": ' || OLD.interrupts, '')
    || iif(OLD.reason IS NOT NEW.reason AND step.value ->> 3 & 64, ', "reason[job' || NEW.id || ']": ' || '"' || OLD.reason || '"', '')
    || iif(OLD.notice IS NOT NEW.notice AND step.value ->> 3 & 128, ', "notice[job' || NEW.id || ']": ' || '"' || OLD.notice || '"', '')
    || iif(OLD.deadline IS NOT NEW.deadline AND step.value ->> 3 & 256 AND CASE WHEN OLD.deadline > (step.value ->> 8) THEN 'ahead' WHEN OLD.deadline IS NULL THEN 'off' ELSE 'passed' END IS NOT CASE WHEN NEW.deadline > ((step.value ->> 8) - 1) THEN 'ahead' WHEN NEW.deadline IS NULL THEN 'off' ELSE 'passed' END OR OLD.deadline <= (step.value ->> 8) AND step.value ->> 9 & 256, ', "deadline[job' || NEW.id || ']": ' || '"' || CASE WHEN OLD.deadline > (step.value ->> 8) THEN 'ahead' WHEN OLD.deadline IS NULL THEN 'off' ELSE 'passed' END || '"', '')
    || iif(OLD.old IS NOT NEW.old AND step.value ->> 3 & 512, ', "old[job' || NEW.id || ']": ' || iif(OLD.old, 'true', 'false'), '')
    || iif(OLD."first" IS NOT NEW."first" AND step.value ->> 3 & 1024, ', "first[job' || NEW.id || ']": ' || OLD."first", '')
    || iif(OLD.second IS NOT NEW.second AND step.value ->> 3 & 2048, ', "second[job' || NEW.id || ']": ' || OLD.second, '')
    || iif(OLD.recorded IS NOT NEW.recorded AND step.value ->> 3 & 4096, ', "recorded[job' || NEW.id || ']": ' || iif(OLD.recorded, 'true', 'false'), '')
    || iif(OLD.letter IS NOT NEW.letter AND step.value ->> 3 & 8192, ', "letter[job' || NEW.id || ']": ' || '"' || OLD.letter || '"', '')
    || iif(OLD.due IS NOT NEW.due AND step.value ->> 3 & 16384 AND CASE WHEN OLD.due > (step.value ->> 8) THEN 'waiting' WHEN OLD.due IS NULL THEN 'off' ELSE 'due' END IS NOT CASE WHEN NEW.due > ((step.value ->> 8) - 1) THEN 'waiting' WHEN NEW.due IS NULL THEN 'off' ELSE 'due' END OR OLD.due <= (step.value ->> 8) AND step.value ->> 9 & 16384, ', "due[job' || NEW.id || ']": ' || '"' || CASE WHEN OLD.due > (step.value ->> 8) THEN 'waiting' WHEN OLD.due IS NULL THEN 'off' ELSE 'due' END || '"', '')
    || iif(OLD.max_fails IS NOT NEW.max_fails AND step.value ->> 3 & 32768, ', "max_fails[job' || NEW.id || ']": ' || OLD.max_fails, '')
    || iif(OLD.max_interrupts IS NOT NEW.max_interrupts AND step.value ->> 3 & 65536, ', "max_interrupts[job' || NEW.id || ']": ' || OLD.max_interrupts, '')
    || (step.value ->> 4), 3) || '}',
  '{' || substr(
    iif(OLD.status IS NOT NEW.status AND step.value ->> 3 & 1, ', "status[job' || NEW.id || ']": ' || '"' || NEW.status || '"', '')
    || iif(OLD.token IS NOT NEW.token AND step.value ->> 3 & 2, ', "token[job' || NEW.id || ']": ' || NEW.token, '')
    || iif(OLD.epoch IS NOT NEW.epoch AND step.value ->> 3 & 4, ', "epoch[job' || NEW.id || ']": ' || NEW.epoch, '')
    || iif(OLD.lease IS NOT NEW.lease AND step.value ->> 3 & 8 AND CASE WHEN OLD.lease > (step.value ->> 8) THEN 'live' WHEN OLD.lease IS NULL THEN 'none' ELSE 'expired' END IS NOT CASE WHEN NEW.lease > ((step.value ->> 8) - 1) THEN 'live' WHEN NEW.lease IS NULL THEN 'none' ELSE 'expired' END, ', "lease[job' || NEW.id || ']": ' || '"' || CASE WHEN NEW.lease > ((step.value ->> 8) - 1) THEN 'live' WHEN NEW.lease IS NULL THEN 'none' ELSE 'expired' END || '"', '')
    || iif(OLD.fails IS NOT NEW.fails AND step.value ->> 3 & 16, ', "fails[job' || NEW.id || ']": ' || NEW.fails, '')
    || iif(OLD.interrupts IS NOT NEW.interrupts AND step.value ->> 3 & 32, ', "interrupts[job' || NEW.id || ']": ' || NEW.interrupts, '')
    || iif(OLD.reason IS NOT NEW.reason AND step.value ->> 3 & 64, ', "reason[job' || NEW.id || ']": ' || '"' || NEW.reason || '"', '')
    || iif(OLD.notice IS NOT NEW.notice AND step.value ->> 3 & 128, ', "notice[job' || NEW.id || ']": ' || '"' || NEW.notice || '"', '')
    || iif(OLD.deadline IS NOT NEW.deadline AND step.value ->> 3 & 256 AND CASE WHEN OLD.deadline > (step.value ->> 8) THEN 'ahead' WHEN OLD.deadline IS NULL THEN 'off' ELSE 'passed' END IS NOT CASE WHEN NEW.deadline > ((step.value ->> 8) - 1) THEN 'ahead' WHEN NEW.deadline IS NULL THEN 'off' ELSE 'passed' END, ', "deadline[job' || NEW.id || ']": ' || '"' || CASE WHEN NEW.deadline > ((step.value ->> 8) - 1) THEN 'ahead' WHEN NEW.deadline IS NULL THEN 'off' ELSE 'passed' END || '"', '')
    || iif(OLD.old IS NOT NEW.old AND step.value ->> 3 & 512, ', "old[job' || NEW.id || ']": ' || iif(NEW.old, 'true', 'false'), '')
    || iif(OLD."first" IS NOT NEW."first" AND step.value ->> 3 & 1024, ', "first[job' || NEW.id || ']": ' || NEW."first", '')
    || iif(OLD.second IS NOT NEW.second AND step.value ->> 3 & 2048, ', "second[job' || NEW.id || ']": ' || NEW.second, '')
    || iif(OLD.recorded IS NOT NEW.recorded AND step.value ->> 3 & 4096, ', "recorded[job' || NEW.id || ']": ' || iif(NEW.recorded, 'true', 'false'), '')
    || iif(OLD.letter IS NOT NEW.letter AND step.value ->> 3 & 8192, ', "letter[job' || NEW.id || ']": ' || '"' || NEW.letter || '"', '')
    || iif(OLD.due IS NOT NEW.due AND step.value ->> 3 & 16384 AND CASE WHEN OLD.due > (step.value ->> 8) THEN 'waiting' WHEN OLD.due IS NULL THEN 'off' ELSE 'due' END IS NOT CASE WHEN NEW.due > ((step.value ->> 8) - 1) THEN 'waiting' WHEN NEW.due IS NULL THEN 'off' ELSE 'due' END, ', "due[job' || NEW.id || ']": ' || '"' || CASE WHEN NEW.due > ((step.value ->> 8) - 1) THEN 'waiting' WHEN NEW.due IS NULL THEN 'off' ELSE 'due' END || '"', '')
    || iif(OLD.max_fails IS NOT NEW.max_fails AND step.value ->> 3 & 32768, ', "max_fails[job' || NEW.id || ']": ' || NEW.max_fails, '')
    || iif(OLD.max_interrupts IS NOT NEW.max_interrupts AND step.value ->> 3 & 65536, ', "max_interrupts[job' || NEW.id || ']": ' || NEW.max_interrupts, '')
    || (step.value ->> 5), 3) || '}',
  step.value ->> 6, step.value ->> 7, (step.value ->> 8)
FROM json_each(ffq_steps(NEW.id, OLD.token, OLD.epoch)) AS step;
END;
CREATE INDEX job_is_due ON job (kind, due) WHERE due IS NOT NULL;
CREATE INDEX job_is_leased ON job (lease) WHERE lease IS NOT NULL;
CREATE TRIGGER job_is_over AFTER UPDATE OF status ON job WHEN NEW.status IN ('done', 'dead')
BEGIN
INSERT INTO ended
VALUES (NEW.id, iif(NEW.reason = 'cancelled', NEW.reason, NEW.status), ffq_now());
END;
CREATE TRIGGER job_is_put_in AFTER INSERT ON job
BEGIN
INSERT INTO trace (actor, action, params, before, after, unseen, note, at)
SELECT step.value ->> 0, step.value ->> 1, step.value ->> 2,
  '{' || substr(
    iif('absent' IS NOT NEW.status AND step.value ->> 3 & 1, ', "status[job' || NEW.id || ']": ' || '"' || 'absent' || '"', '')
    || iif(0 IS NOT NEW.token AND step.value ->> 3 & 2, ', "token[job' || NEW.id || ']": ' || 0, '')
    || iif(0 IS NOT NEW.epoch AND step.value ->> 3 & 4, ', "epoch[job' || NEW.id || ']": ' || 0, '')
    || iif(NULL IS NOT NEW.lease AND step.value ->> 3 & 8 AND 'none' IS NOT CASE WHEN NEW.lease > ((step.value ->> 8) - 1) THEN 'live' WHEN NEW.lease IS NULL THEN 'none' ELSE 'expired' END, ', "lease[job' || NEW.id || ']": ' || '"' || 'none' || '"', '')
    || iif(0 IS NOT NEW.fails AND step.value ->> 3 & 16, ', "fails[job' || NEW.id || ']": ' || 0, '')
    || iif(0 IS NOT NEW.interrupts AND step.value ->> 3 & 32, ', "interrupts[job' || NEW.id || ']": ' || 0, '')
    || iif('none' IS NOT NEW.reason AND step.value ->> 3 & 64, ', "reason[job' || NEW.id || ']": ' || '"' || 'none' || '"', '')
    || iif('none' IS NOT NEW.notice AND step.value ->> 3 & 128, ', "notice[job' || NEW.id || ']": ' || '"' || 'none' || '"', '')
    || iif(NULL IS NOT NEW.deadline AND step.value ->> 3 & 256 AND 'off' IS NOT CASE WHEN NEW.deadline > ((step.value ->> 8) - 1) THEN 'ahead' WHEN NEW.deadline IS NULL THEN 'off' ELSE 'passed' END, ', "deadline[job' || NEW.id || ']": ' || '"' || 'off' || '"', '')
    || iif(0 IS NOT NEW.old AND step.value ->> 3 & 512, ', "old[job' || NEW.id || ']": ' || iif(0, 'true', 'false'), '')
    || iif(0 IS NOT NEW."first" AND step.value ->> 3 & 1024, ', "first[job' || NEW.id || ']": ' || 0, '')
    || iif(0 IS NOT NEW.second AND step.value ->> 3 & 2048, ', "second[job' || NEW.id || ']": ' || 0, '')
    || iif(0 IS NOT NEW.recorded AND step.value ->> 3 & 4096, ', "recorded[job' || NEW.id || ']": ' || iif(0, 'true', 'false'), '')
    || iif('none' IS NOT NEW.letter AND step.value ->> 3 & 8192, ', "letter[job' || NEW.id || ']": ' || '"' || 'none' || '"', '')
    || iif(NULL IS NOT NEW.due AND step.value ->> 3 & 16384 AND 'off' IS NOT CASE WHEN NEW.due > ((step.value ->> 8) - 1) THEN 'waiting' WHEN NEW.due IS NULL THEN 'off' ELSE 'due' END, ', "due[job' || NEW.id || ']": ' || '"' || 'off' || '"', '')
    || iif(100 IS NOT NEW.max_fails AND step.value ->> 3 & 32768, ', "max_fails[job' || NEW.id || ']": ' || 100, '')
    || iif(100 IS NOT NEW.max_interrupts AND step.value ->> 3 & 65536, ', "max_interrupts[job' || NEW.id || ']": ' || 100, '')
    || (step.value ->> 4), 3) || '}',
  '{' || substr(
    iif('absent' IS NOT NEW.status AND step.value ->> 3 & 1, ', "status[job' || NEW.id || ']": ' || '"' || NEW.status || '"', '')
    || iif(0 IS NOT NEW.token AND step.value ->> 3 & 2, ', "token[job' || NEW.id || ']": ' || NEW.token, '')
    || iif(0 IS NOT NEW.epoch AND step.value ->> 3 & 4, ', "epoch[job' || NEW.id || ']": ' || NEW.epoch, '')
    || iif(NULL IS NOT NEW.lease AND step.value ->> 3 & 8 AND 'none' IS NOT CASE WHEN NEW.lease > ((step.value ->> 8) - 1) THEN 'live' WHEN NEW.lease IS NULL THEN 'none' ELSE 'expired' END, ', "lease[job' || NEW.id || ']": ' || '"' || CASE WHEN NEW.lease > ((step.value ->> 8) - 1) THEN 'live' WHEN NEW.lease IS NULL THEN 'none' ELSE 'expired' END || '"', '')
    || iif(0 IS NOT NEW.fails AND step.value ->> 3 & 16, ', "fails[job' || NEW.id || ']": ' || NEW.fails, '')
    || iif(0 IS NOT NEW.interrupts AND step.value ->> 3 & 32, ', "interrupts[job' || NEW.id || ']": ' || NEW.interrupts, '')
    || iif('none' IS NOT NEW.reason AND step.value ->> 3 & 64, ', "reason[job' || NEW.id || ']": ' || '"' || NEW.reason || '"', '')
    || iif('none' IS NOT NEW.notice AND step.value ->> 3 & 128, ', "notice[job' || NEW.id || ']": ' || '"' || NEW.notice || '"', '')
    || iif(NULL IS NOT NEW.deadline AND step.value ->> 3 & 256 AND 'off' IS NOT CASE WHEN NEW.deadline > ((step.value ->> 8) - 1) THEN 'ahead' WHEN NEW.deadline IS NULL THEN 'off' ELSE 'passed' END, ', "deadline[job' || NEW.id || ']": ' || '"' || CASE WHEN NEW.deadline > ((step.value ->> 8) - 1) THEN 'ahead' WHEN NEW.deadline IS NULL THEN 'off' ELSE 'passed' END || '"', '')
    || iif(0 IS NOT NEW.old AND step.value ->> 3 & 512, ', "old[job' || NEW.id || ']": ' || iif(NEW.old, 'true', 'false'), '')
    || iif(0 IS NOT NEW."first" AND step.value ->> 3 & 1024, ', "first[job' || NEW.id || ']": ' || NEW."first", '')
    || iif(0 IS NOT NEW.second AND step.value ->> 3 & 2048, ', "second[job' || NEW.id || ']": ' || NEW.second, '')
    || iif(0 IS NOT NEW.recorded AND step.value ->> 3 & 4096, ', "recorded[job' || NEW.id || ']": ' || iif(NEW.recorded, 'true', 'false'), '')
    || iif('none' IS NOT NEW.letter AND step.value ->> 3 & 8192, ', "letter[job' || NEW.id || ']": ' || '"' || NEW.letter || '"', '')
    || iif(NULL IS NOT NEW.due AND step.value ->> 3 & 16384 AND 'off' IS NOT CASE WHEN NEW.due > ((step.value ->> 8) - 1) THEN 'waiting' WHEN NEW.due IS NULL THEN 'off' ELSE 'due' END, ', "due[job' || NEW.id || ']": ' || '"' || CASE WHEN NEW.due > ((step.value ->> 8) - 1) THEN 'waiting' WHEN NEW.due IS NULL THEN 'off' ELSE 'due' END || '"', '')
    || iif(100 IS NOT NEW.max_fails AND step.value ->> 3 & 32768, ', "max_fails[job' || NEW.id || ']": ' || NEW.max_fails, '')
    || iif(100 IS NOT NEW.max_interrupts AND step.value ->> 3 & 65536, ', "max_interrupts[job' || NEW.id || ']": ' || NEW.max_interrupts, '')
    || (step.value ->> 5), 3) || '}',
  step.value ->> 6, step.value ->> 7, (step.value ->> 8)
FROM json_each(ffq_steps(NEW.id, 0, 0)) AS step;
END;
CREATE TRIGGER job_is_taken_out AFTER DELETE ON job
BEGIN
INSERT INTO trace (actor, action, params, before, after, unseen, note, at)
SELECT step.value ->> 0, step.value ->> 1, step.value ->> 2,
  '{' || substr(
    iif(OLD.status IS NOT 'absent' AND step.value ->> 3 & 1, ', "status[job' || OLD.id || ']": ' || '"' || OLD.status || '"', '')
    || iif(OLD.token IS NOT 0 AND step.value ->> 3 & 2, ', "token[job' || OLD.id || ']": ' || OLD.token, '')
    || iif(OLD.epoch IS NOT 0 AND step.value ->> 3 & 4, ', "epoch[job' || OLD.id || ']": ' || OLD.epoch, '')
    || iif(OLD.lease IS NOT NULL AND step.value ->> 3 & 8 AND CASE WHEN OLD.lease > (step.value ->> 8) THEN 'live' WHEN OLD.lease IS NULL THEN 'none' ELSE 'expired' END IS NOT 'none' OR OLD.lease <= (step.value ->> 8) AND step.value ->> 9 & 8, ', "lease[job' || OLD.id || ']": ' || '"' || CASE WHEN OLD.lease > (step.value ->> 8) THEN 'live' WHEN OLD.lease IS NULL THEN 'none' ELSE 'expired' END || '"', '')
    || iif(OLD.fails IS NOT 0 AND step.value ->> 3 & 16, ', "fails[job' || OLD.id || ']": ' || OLD.fails, '')
    || iif(OLD.interrupts IS NOT 0 AND step.value ->> 3 & 32, ', "interrupts[job' || OLD.id || ']": ' || OLD.interrupts, '')
    || iif(OLD.reason IS NOT 'none' AND step.value ->> 3 & 64, ', "reason[job' || OLD.id || ']": ' || '"' || OLD.reason || '"', '')
    || iif(OLD.notice IS NOT 'none' AND step.value ->> 3 & 128, ', "notice[job' || OLD.id || ']": ' || '"' || OLD.notice || '"', '')
    || iif(OLD.deadline IS NOT NULL AND step.value ->> 3 & 256 AND CASE WHEN OLD.deadline > (step.value ->> 8) THEN 'ahead' WHEN OLD.deadline IS NULL THEN 'off' ELSE 'passed' END IS NOT 'off' OR OLD.deadline <= (step.value ->> 8) AND step.value ->> 9 & 256, ', "deadline[job' || OLD.id || ']": ' || '"' || CASE WHEN OLD.deadline > (step.value ->> 8) THEN 'ahead' WHEN OLD.deadline IS NULL THEN 'off' ELSE 'passed' END || '"', '')
    || iif(OLD.old IS NOT 0 AND step.value ->> 3 & 512, ', "old[job' || OLD.id || ']": ' || iif(OLD.old, 'true', 'false'), '')
    || iif(OLD."first" IS NOT 0 AND step.value ->> 3 & 1024, ', "first[job' || OLD.id || ']": ' || OLD."first", '')
    || iif(OLD.second IS NOT 0 AND step.value ->> 3 & 2048, ', "second[job' || OLD.id || ']": ' || OLD.second, '')
    || iif(OLD.recorded IS NOT 0 AND step.value ->> 3 & 4096, ', "recorded[job' || OLD.id || ']": ' || iif(OLD.recorded, 'true', 'false'), '')
    || iif(OLD.letter IS NOT 'none' AND step.value ->> 3 & 8192, ', "letter[job' || OLD.id || ']": ' || '"' || OLD.letter || '"', '')
    || iif(OLD.due IS NOT NULL AND step.value ->> 3 & 16384 AND CASE WHEN OLD.due > (step.value ->> 8) THEN 'waiting' WHEN OLD.due IS NULL THEN 'off' ELSE 'due' END IS NOT 'off' OR OLD.due <= (step.value ->> 8) AND step.value ->> 9 & 16384, ', "due[job' || OLD.id || ']": ' || '"' || CASE WHEN OLD.due > (step.value ->> 8) THEN 'waiting' WHEN OLD.due IS NULL THEN 'off' ELSE 'due' END || '"', '')
    || iif(OLD.max_fails IS NOT 100 AND step.value ->> 3 & 32768, ', "max_fails[job' || OLD.id || ']": ' || OLD.max_fails, '')
    || iif(OLD.max_interrupts IS NOT 100 AND step.value ->> 3 & 65536, ', "max_interrupts[job' || OLD.id || ']": ' || OLD.max_interrupts, '')
    || (step.value ->> 4), 3) || '}',
  '{' || substr(
    iif(OLD.status IS NOT 'absent' AND step.value ->> 3 & 1, ', "status[job' || OLD.id || ']": ' || '"' || 'absent' || '"', '')
    || iif(OLD.token IS NOT 0 AND step.value ->> 3 & 2, ', "token[job' || OLD.id || ']": ' || 0, '')
    || iif(OLD.epoch IS NOT 0 AND step.value ->> 3 & 4, ', "epoch[job' || OLD.id || ']": ' || 0, '')
    || iif(OLD.lease IS NOT NULL AND step.value ->> 3 & 8 AND CASE WHEN OLD.lease > (step.value ->> 8) THEN 'live' WHEN OLD.lease IS NULL THEN 'none' ELSE 'expired' END IS NOT 'none', ', "lease[job' || OLD.id || ']": ' || '"' || 'none' || '"', '')
    || iif(OLD.fails IS NOT 0 AND step.value ->> 3 & 16, ', "fails[job' || OLD.id || ']": ' || 0, '')
    || iif(OLD.interrupts IS NOT 0 AND step.value ->> 3 & 32, ', "interrupts[job' || OLD.id || ']": ' || 0, '')
    || iif(OLD.reason IS NOT 'none' AND step.value ->> 3 & 64, ', "reason[job' || OLD.id || ']": ' || '"' || 'none' || '"', '')
    || iif(OLD.notice IS NOT 'none' AND step.value ->> 3 & 128, ', "notice[job' || OLD.id || ']": ' || '"' || 'none' || '"', '')
    || iif(OLD.deadline IS NOT NULL AND step.value ->> 3 & 256 AND CASE WHEN OLD.deadline > (step.value ->> 8) THEN 'ahead' WHEN OLD.deadline IS NULL THEN 'off' ELSE 'passed' END IS NOT 'off', ', "deadline[job' || OLD.id || ']": ' || '"' || 'off' || '"', '')
    || iif(OLD.old IS NOT 0 AND step.value ->> 3 & 512, ', "old[job' || OLD.id || ']": ' || iif(0, 'true', 'false'), '')
    || iif(OLD."first" IS NOT 0 AND step.value ->> 3 & 1024, ', "first[job' || OLD.id || ']": ' || 0, '')
    || iif(OLD.second IS NOT 0 AND step.value ->> 3 & 2048, ', "second[job' || OLD.id || ']": ' || 0, '')
    || iif(OLD.recorded IS NOT 0 AND step.value ->> 3 & 4096, ', "recorded[job' || OLD.id || ']": ' || iif(0, 'true', 'false'), '')
    || iif(OLD.letter IS NOT 'none' AND step.value ->> 3 & 8192, ', "letter[job' || OLD.id || ']": ' || '"' || 'none' || '"', '')
    || iif(OLD.due IS NOT NULL AND step.value ->> 3 & 16384 AND CASE WHEN OLD.due > (step.value ->> 8) THEN 'waiting' WHEN OLD.due IS NULL THEN 'off' ELSE 'due' END IS NOT 'off', ', "due[job' || OLD.id || ']": ' || '"' || 'off' || '"', '')
    || iif(OLD.max_fails IS NOT 100 AND step.value ->> 3 & 32768, ', "max_fails[job' || OLD.id || ']": ' || 100, '')
    || iif(OLD.max_interrupts IS NOT 100 AND step.value ->> 3 & 65536, ', "max_interrupts[job' || OLD.id || ']": ' || 100, '')
    || (step.value ->> 5), 3) || '}',
  step.value ->> 6, step.value ->> 7, (step.value ->> 8)
FROM json_each(ffq_steps(OLD.id, OLD.token, OLD.epoch)) AS step;
END;
CREATE TRIGGER job_is_taken_up AFTER INSERT ON job WHEN NEW.retry_of IS NOT NULL
BEGIN DELETE FROM ended WHERE job = NEW.retry_of; END;
CREATE UNIQUE INDEX job_of_a_key ON job (key) WHERE retry_of IS NULL;
DROP TABLE IF EXISTS meta;
CREATE TABLE meta (  -- which spec and which constants the file belongs to
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
INSERT INTO meta VALUES('spec','eff658c622591b8e16a93c62f4c6f686');
INSERT INTO meta VALUES('constants','{"MaxFails": 100, "MaxInterrupts": 100, "Histories": 100, "Pages": 100}');
INSERT INTO meta VALUES('outline','{"fields": {"status": {"over": "Job", "survival": "durable", "type": ["absent", "ready", "claimed", "done", "dead"], "initial": "absent", "timer": false}, "token": {"over": "Job", "survival": "durable", "type": 200, "initial": 0, "timer": false}, "epoch": {"over": "Job", "survival": "durable", "type": 100, "initial": 0, "timer": false}, "lease": {"over": "Job", "survival": "durable", "type": ["none", "live", "expired"], "initial": "none", "timer": true}, "fails": {"over": "Job", "survival": "durable", "type": 100, "initial": 0, "timer": false}, "interrupts": {"over": "Job", "survival": "durable", "type": 100, "initial": 0, "timer": false}, "reason": {"over": "Job", "survival": "durable", "type": ["none", "failures", "interruptions", "cancelled"], "initial": "none", "timer": false}, "successes": {"over": "Job", "survival": "ghost", "type": 102, "initial": 0, "timer": false}, "entered": {"over": "Job", "survival": "ghost", "type": "a truth value", "initial": false, "timer": false}, "pc": {"over": "Worker", "survival": "volatile", "type": ["idle", "claimed", "running", "down"], "initial": "idle", "timer": false}, "job": {"over": "Worker", "survival": "volatile", "type": "Job", "initial": null, "timer": false}, "held": {"over": "Worker", "survival": "volatile", "type": 200, "initial": 0, "timer": false}, "held_epoch": {"over": "Worker", "survival": "volatile", "type": 100, "initial": 0, "timer": false}, "up": {"over": "Recoverer", "survival": "volatile", "type": "a truth value", "initial": true, "timer": false}, "seen": {"over": "Recoverer", "survival": "volatile", "type": "Job", "initial": null, "timer": false}, "notice": {"over": "Job", "survival": "durable", "type": ["none", "due", "sent"], "initial": "none", "timer": false}, "deadline": {"over": "Job", "survival": "durable", "type": ["off", "ahead", "passed"], "initial": "off", "timer": true}, "old": {"over": "Job", "survival": "durable", "type": "a truth value", "initial": false, "timer": false}, "content": {"over": "Job", "survival": "world", "type": "a truth value", "initial": false, "timer": false}, "known": {"over": "Job", "survival": "world", "type": "a truth value", "initial": false, "timer": false}, "understood": {"over": "Job", "survival": "ghost", "type": "a truth value", "initial": false, "timer": false}, "free": {"over": "Disk", "survival": "world", "type": 100, "initial": 100, "timer": false}, "paused": {"over": "Job", "survival": "world", "type": "a truth value", "initial": false, "timer": false}, "request": {"over": "Job", "survival": "volatile", "type": ["none", "sent", "acked"], "initial": "none", "timer": false}, "first": {"over": "Job", "survival": "durable", "type": 200, "initial": 0, "timer": false}, "second": {"over": "Job", "survival": "durable", "type": 200, "initial": 0, "timer": false}, "recorded": {"over": "Job", "survival": "durable", "type": "a truth value", "initial": false, "timer": false}, "letter": {"over": "Job", "survival": "durable", "type": ["none", "nothing", "half", "both", "applied"], "initial": "none", "timer": false}, "applied": {"over": "Job", "survival": "ghost", "type": 2, "initial": 0, "timer": false}, "progress": {"over": "Worker", "survival": "volatile", "type": ["outside", "begun", "first", "second", "recorded"], "initial": "outside", "timer": false}, "due": {"over": "Job", "survival": "durable", "type": ["off", "waiting", "due"], "initial": "off", "timer": true}, "max_fails": {"over": "Job", "survival": "durable", "type": 100, "initial": 100, "timer": false}, "max_interrupts": {"over": "Job", "survival": "durable", "type": 100, "initial": 100, "timer": false}}, "actions": {"enqueue": {"params": {"j": "Job", "d": "Disk"}, "guards": ["new_key", "asking", "headroom", "asked"]}, "claim": {"params": {"w": "Worker", "j": "Job"}, "guards": ["idle", "ready", "known", "unpaused", "due"]}, "start": {"params": {"w": "Worker"}, "guards": ["leased", "fenced"]}, "heartbeat": {"params": {"w": "Worker"}, "guards": ["leased", "fenced", "in_time"]}, "expire": {"params": {"j": "Job"}, "guards": ["live"]}, "settle_done": {"params": {"w": "Worker"}, "guards": ["running", "leased", "fenced", "evidence"]}, "settle_failed": {"params": {"w": "Worker"}, "guards": ["leased", "fenced"]}, "settle_released": {"params": {"w": "Worker"}, "guards": ["leased", "fenced"]}, "abandon": {"params": {"w": "Worker"}, "guards": ["lost"]}, "crash": {"params": {"w": "Worker"}, "guards": []}, "restart": {"params": {"w": "Worker"}, "guards": ["down"]}, "look": {"params": {"r": "Recoverer", "j": "Job"}, "guards": ["up", "expired"]}, "recover": {"params": {"r": "Recoverer"}, "guards": ["expired"]}, "recoverer_crash": {"params": {"r": "Recoverer"}, "guards": []}, "recoverer_restart": {"params": {"r": "Recoverer"}, "guards": []}, "notify": {"params": {"j": "Job"}, "guards": ["due"]}, "pass_deadline": {"params": {"j": "Job"}, "guards": ["ahead"]}, "be_content": {"params": {"j": "Job"}, "guards": []}, "deploy": {"params": {"j": "Job"}, "guards": []}, "roll_back": {"params": {"j": "Job"}, "guards": []}, "grow_old": {"params": {"j": "Job"}, "guards": ["stored", "outlives"]}, "prune": {"params": {"j": "Job", "d": "Disk"}, "guards": ["over", "old", "told"]}, "pause": {"params": {"j": "Job"}, "guards": []}, "resume": {"params": {"j": "Job"}, "guards": []}, "send": {"params": {"j": "Job"}, "guards": []}, "confirm": {"params": {"j": "Job"}, "guards": ["stored"]}, "write_first": {"params": {"w": "Worker"}, "guards": ["begun", "leased", "fenced", "unrecorded"]}, "write_second": {"params": {"w": "Worker"}, "guards": ["first", "leased", "fenced"]}, "record": {"params": {"w": "Worker"}, "guards": ["second", "leased", "fenced", "once"]}, "lose_reply": {"params": {"w": "Worker"}, "guards": ["recorded"]}, "find_recorded": {"params": {"w": "Worker"}, "guards": ["recorded"]}, "cancel": {"params": {"j": "Job"}, "guards": ["open"]}, "fall_due": {"params": {"j": "Job"}, "guards": ["waiting"]}}, "constants": {"MaxFails": 100, "MaxInterrupts": 100, "Histories": 100, "Pages": 100}}');
INSERT INTO meta VALUES('epoch','1');
INSERT INTO meta VALUES('boot','boot 1');
INSERT INTO meta VALUES('file','65024:2426036');
INSERT INTO meta VALUES('ahead','1899999000000');
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
  due INTEGER DEFAULT 0,  -- in ms: not before; none if it is given up
  error TEXT,  -- why it was not taken last time
  UNIQUE (topic, key)
) STRICT;
INSERT INTO outbox VALUES(1,'done/mail/1',1,'mail','{"n": 1}',0,0,0,NULL);
CREATE INDEX outbox_is_unsent ON outbox (topic, due) WHERE NOT sent;
CREATE INDEX outbox_of_a_job ON outbox (job);
DROP TABLE IF EXISTS paused;
CREATE TABLE paused (  -- kinds of which nothing is claimed
  kind TEXT PRIMARY KEY,
  since INTEGER NOT NULL,  -- in ms
  user TEXT NOT NULL,
  pid INTEGER NOT NULL
) STRICT;
INSERT INTO paused VALUES('other',1900000000000,'someone',26118);
DROP TABLE IF EXISTS process;
CREATE TABLE process (  -- who has ever opened the queue: a number is used once
  id INTEGER PRIMARY KEY,
  sort TEXT NOT NULL,
  pid INTEGER NOT NULL,
  kinds TEXT CHECK (kinds IS NULL OR json_valid(kinds))  -- those that a worker knows
) STRICT;
INSERT INTO process VALUES(1,'Worker',26118,'["work", "fail", "last"]');
INSERT INTO process VALUES(2,'Worker',26118,NULL);
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
  at INTEGER NOT NULL  -- by the clock of the queue, in ms
) STRICT;
INSERT INTO trace VALUES(1,'job1','enqueue','{"j": "job1", "d": "disk1"}','{"status[job1]": "absent", "due[job1]": "off", "max_fails[job1]": 100, "max_interrupts[job1]": 100}','{"status[job1]": "ready", "due[job1]": "waiting", "max_fails[job1]": 3, "max_interrupts[job1]": 10}','[[0, "send", {"j": "job1"}]]',NULL,1900000000000);
INSERT INTO trace VALUES(2,'job2','enqueue','{"j": "job2", "d": "disk1"}','{"status[job2]": "absent", "due[job2]": "off", "max_fails[job2]": 100, "max_interrupts[job2]": 100}','{"status[job2]": "ready", "due[job2]": "waiting", "max_fails[job2]": 3, "max_interrupts[job2]": 10}','[[1, "send", {"j": "job2"}]]',NULL,1900000000000);
INSERT INTO trace VALUES(3,'job3','enqueue','{"j": "job3", "d": "disk1"}','{"status[job3]": "absent", "due[job3]": "off", "max_fails[job3]": 100, "max_interrupts[job3]": 100}','{"status[job3]": "ready", "due[job3]": "waiting", "max_fails[job3]": 1, "max_interrupts[job3]": 10}','[[2, "send", {"j": "job3"}]]',NULL,1900000000000);
INSERT INTO trace VALUES(4,'worker1','claim','{"w": "worker1", "j": "job1"}','{"status[job1]": "ready", "token[job1]": 0, "lease[job1]": "none", "deadline[job1]": "off", "due[job1]": "due", "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0}','{"status[job1]": "claimed", "token[job1]": 1, "lease[job1]": "live", "deadline[job1]": "ahead", "due[job1]": "off", "pc[worker1]": "claimed", "job[worker1]": "job1", "held[worker1]": 1}','[]',NULL,1900000000000);
INSERT INTO trace VALUES(5,'worker1','heartbeat','{"w": "worker1"}','{}','{}','[[4, "start", {"w": "worker1"}]]',NULL,1900000000000);
INSERT INTO trace VALUES(6,'worker1','write_first','{"w": "worker1"}','{"first[job1]": 0, "progress[worker1]": "begun"}','{"first[job1]": 1, "progress[worker1]": "first"}','[]',NULL,1900000000000);
INSERT INTO trace VALUES(7,'worker1','write_second','{"w": "worker1"}','{"second[job1]": 0, "progress[worker1]": "first"}','{"second[job1]": 1, "progress[worker1]": "second"}','[]',NULL,1900000000000);
INSERT INTO trace VALUES(8,'worker1','record','{"w": "worker1"}','{"recorded[job1]": false, "progress[worker1]": "second"}','{"recorded[job1]": true, "progress[worker1]": "recorded"}','[]',NULL,1900000000000);
INSERT INTO trace VALUES(9,'worker1','settle_done','{"w": "worker1"}','{"status[job1]": "claimed", "lease[job1]": "live", "deadline[job1]": "ahead", "pc[worker1]": "running", "job[worker1]": "job1", "held[worker1]": 1, "progress[worker1]": "recorded"}','{"status[job1]": "done", "lease[job1]": "none", "deadline[job1]": "off", "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0, "progress[worker1]": "outside"}','[]',NULL,1900000000000);
INSERT INTO trace VALUES(10,'worker1','claim','{"w": "worker1", "j": "job2"}','{"status[job2]": "ready", "token[job2]": 0, "lease[job2]": "none", "deadline[job2]": "off", "due[job2]": "due", "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0}','{"status[job2]": "claimed", "token[job2]": 1, "lease[job2]": "live", "deadline[job2]": "ahead", "due[job2]": "off", "pc[worker1]": "claimed", "job[worker1]": "job2", "held[worker1]": 1}','[]',NULL,1900000000000);
INSERT INTO trace VALUES(11,'worker1','settle_failed','{"w": "worker1"}','{"status[job2]": "claimed", "lease[job2]": "live", "fails[job2]": 0, "deadline[job2]": "ahead", "due[job2]": "off", "pc[worker1]": "running", "job[worker1]": "job2", "held[worker1]": 1, "progress[worker1]": "begun"}','{"status[job2]": "ready", "lease[job2]": "none", "fails[job2]": 1, "deadline[job2]": "off", "due[job2]": "waiting", "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0, "progress[worker1]": "outside"}','[[10, "start", {"w": "worker1"}]]','RuntimeError: no such account',1900000000000);
INSERT INTO trace VALUES(12,'worker1','claim','{"w": "worker1", "j": "job3"}','{"status[job3]": "ready", "token[job3]": 0, "lease[job3]": "none", "deadline[job3]": "off", "due[job3]": "due", "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0}','{"status[job3]": "claimed", "token[job3]": 1, "lease[job3]": "live", "deadline[job3]": "ahead", "due[job3]": "off", "pc[worker1]": "claimed", "job[worker1]": "job3", "held[worker1]": 1}','[]',NULL,1900000000000);
INSERT INTO trace VALUES(13,'worker1','settle_failed','{"w": "worker1"}','{"status[job3]": "claimed", "lease[job3]": "live", "fails[job3]": 0, "reason[job3]": "none", "notice[job3]": "none", "deadline[job3]": "ahead", "letter[job3]": "none", "pc[worker1]": "running", "job[worker1]": "job3", "held[worker1]": 1, "progress[worker1]": "begun"}','{"status[job3]": "dead", "lease[job3]": "none", "fails[job3]": 1, "reason[job3]": "failures", "notice[job3]": "due", "deadline[job3]": "off", "letter[job3]": "nothing", "pc[worker1]": "idle", "job[worker1]": null, "held[worker1]": 0, "progress[worker1]": "outside"}','[[12, "start", {"w": "worker1"}]]','RuntimeError: no such account',1900000000000);
INSERT INTO trace VALUES(14,'job4','enqueue','{"j": "job4", "d": "disk1"}','{"status[job4]": "absent", "due[job4]": "off", "max_fails[job4]": 100, "max_interrupts[job4]": 100}','{"status[job4]": "ready", "due[job4]": "waiting", "max_fails[job4]": 1, "max_interrupts[job4]": 10}','[[13, "send", {"j": "job4"}]]',NULL,1900000000000);
INSERT INTO trace VALUES(15,'job5','enqueue','{"j": "job5", "d": "disk1"}','{"status[job5]": "absent", "due[job5]": "off", "max_fails[job5]": 100, "max_interrupts[job5]": 100}','{"status[job5]": "ready", "due[job5]": "waiting", "max_fails[job5]": 3, "max_interrupts[job5]": 10}','[[14, "send", {"j": "job5"}]]',NULL,1900000000000);
INSERT INTO trace VALUES(16,'job5','cancel','{"j": "job5"}','{"status[job5]": "ready", "reason[job5]": "none", "notice[job5]": "none", "letter[job5]": "none", "due[job5]": "due"}','{"status[job5]": "dead", "reason[job5]": "cancelled", "notice[job5]": "due", "letter[job5]": "nothing", "due[job5]": "off"}','[]',NULL,1900000000000);
INSERT INTO trace VALUES(17,'job6','enqueue','{"j": "job6", "d": "disk1"}','{"status[job6]": "absent", "due[job6]": "off", "max_fails[job6]": 100, "max_interrupts[job6]": 100}','{"status[job6]": "ready", "due[job6]": "waiting", "max_fails[job6]": 3, "max_interrupts[job6]": 10}','[[16, "send", {"j": "job6"}]]',NULL,1900000000000);
INSERT INTO trace VALUES(18,'job7','enqueue','{"j": "job7", "d": "disk1"}','{"status[job7]": "absent", "due[job7]": "off", "max_fails[job7]": 100, "max_interrupts[job7]": 100}','{"status[job7]": "ready", "due[job7]": "waiting", "max_fails[job7]": 3, "max_interrupts[job7]": 10}','[[17, "send", {"j": "job7"}]]',NULL,1900000000000);
INSERT INTO trace VALUES(19,'job8','enqueue','{"j": "job8", "d": "disk1"}','{"status[job8]": "absent", "due[job8]": "off", "max_fails[job8]": 100, "max_interrupts[job8]": 100}','{"status[job8]": "ready", "due[job8]": "waiting", "max_fails[job8]": 3, "max_interrupts[job8]": 10}','[[18, "send", {"j": "job8"}]]',NULL,1900000000000);
INSERT INTO trace VALUES(20,'worker2','claim','{"w": "worker2", "j": "job8"}','{"status[job8]": "ready", "token[job8]": 0, "lease[job8]": "none", "deadline[job8]": "off", "due[job8]": "due", "pc[worker2]": "idle", "job[worker2]": null, "held[worker2]": 0}','{"status[job8]": "claimed", "token[job8]": 1, "lease[job8]": "live", "deadline[job8]": "ahead", "due[job8]": "off", "pc[worker2]": "claimed", "job[worker2]": "job8", "held[worker2]": 1}','[]',NULL,1900000000000);
CREATE TRIGGER trace_is_not_rewritten BEFORE UPDATE ON trace
BEGIN SELECT RAISE(ABORT, 'the trace is append-only'); END;
CREATE TRIGGER trace_is_not_shortened BEFORE DELETE ON trace
WHEN OLD.seq > coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'origin'), 0)
BEGIN SELECT RAISE(ABORT, 'the trace is append-only'); END;
pragma user_version=6;
pragma application_id=1717989681;
COMMIT TRANSACTION;
