"""The incidents of the first collection, each read for its actors and their order."""

# An entry: its number, its grade, what it teaches, the system; the title of the source; its URL.
FIRST = """
D01 A FM-001 FM-022b | Celery
  Message being acknowledged on WorkerLostError when CELERY_ACKS_LATE=True
  https://github.com/celery/celery/issues/1628
D02 A FM-008c | Celery/Kombu (Redis)
  Redis transport causes multiple Celery job runs if eta exceeds visibility timeout
  https://github.com/celery/kombu/issues/337
D03 A FM-017 | Celery/Kombu (Redis)
  redis restore_visible hard coded to limit of 10
  https://github.com/celery/kombu/issues/164
D04 B FM-026a | Celery results (Django/Redis)
  Ensure triggering of callback in chord
  https://github.com/celery/django-celery-results/pull/397
D05 A FM-003b FM-001 | RQ
  Reliable way to get all jobs submitted to a work queue?
  https://github.com/rq/rq/issues/1716
D06 B FM-013 | RQ
  Jobs wrongly moved to failed registry (stuck in intermediate queue)
  https://github.com/rq/rq/issues/2061
D07 A FM-010 FM-008b | Bull
  Create better logic for lock handling
  https://github.com/OptimalBits/bull/issues/308
D08 B FM-030 FM-013 | Bull
  Jobs stalling immediately
  https://github.com/OptimalBits/bull/issues/850
D09 B FM-028 FM-061 | BullMQ
  [Bug]: Cannot retry stalled job from Taskforce UI
  https://github.com/taskforcesh/bullmq/issues/3555
D10 A FM-026b | BullMQ
  [Bug]: Parent job not executed if child is removed using `removeOnFail`
  https://github.com/taskforcesh/bullmq/issues/1752
D11 A FM-032a | BullMQ
  Keep order of jobs in group upon retry
  https://github.com/taskforcesh/bullmq/issues/2774
D12 A FM-003a FM-017 | Sidekiq
  More atomic poller operations
  https://github.com/sidekiq/sidekiq/pull/843
D13 A FM-024a | Sidekiq
  Same job (identical JID) runs twice
  https://github.com/sidekiq/sidekiq/issues/3303
D14 A FM-005 | Sidekiq
  Delay job push within DB transaction
  https://github.com/sidekiq/sidekiq/issues/5239
D15 A FM-027a | Sidekiq Pro
  Sidekiq Pro Request: Set SuperFetch recovery destination
  https://github.com/sidekiq/sidekiq/issues/4594
D16 B FM-025a FM-043 | sidekiq-unique-jobs
  Lock digests not always removed after forced sidekiq worker shutdown
  https://github.com/zoolutions/sidekiq-unique-jobs/issues/861
D17 A FM-025b | sidekiq-unique-jobs
  RubyReaper treats runtime lock as orphan and delete it
  https://github.com/zoolutions/sidekiq-unique-jobs/issues/580
D18 A FM-013 FM-010 | Solid Queue
  Finished jobs ending up as failed with SolidQueue::Processes::ProcessPrunedError
  https://github.com/rails/solid_queue/issues/589
D19 A FM-025b | Solid Queue
  Prevent concurrency lock leaks that cause duplicate job execution
  https://github.com/rails/solid_queue/pull/761
D20 B FM-025c FM-025a | Solid Queue
  Fix duplicate job execution despite limits_concurrency
  https://github.com/rails/solid_queue/pull/689
D21 A FM-002b | Solid Queue
  Release any orphaned claimed executions as part of the process prune
  https://github.com/rails/solid_queue/pull/244
D22 B FM-008e | GoodJob (session advisory locks)
  Why poll when using LISTEN/NOTIFY?
  https://github.com/bensheldon/good_job/issues/90
D23 B FM-011 | Delayed Job
  Job running on 2 workers at once after timeout
  https://github.com/collectiveidea/delayed_job_active_record/issues/193
D24 B FM-007 | Delayed Job
  Two worker threads executing same job
  https://github.com/collectiveidea/delayed_job/issues/534
D25 B FM-014 | Oban Pro
  Reused nodes result in orphans not getting rescued
  https://github.com/oban-bg/oban/issues/862
D26 A FM-008a | Oban at hex.pm
  Stop Lifeline rescuing jobs that are still running
  https://github.com/hexpm/hexpm/pull/1825
D27 A FM-024c | Oban
  Potential issues regarding unique jobs
  https://github.com/oban-bg/oban/issues/1093
D28 B FM-031b FM-015 | Oban
  `Peers.Database` can hold stale leadership indefinitely, producing duplicate cron inserts
  https://github.com/oban-bg/oban/issues/1488
D29 A FM-013 | River
  JobRescuer can overwrite a job that completed after the stuck-job fetch
  https://github.com/riverqueue/river/issues/1302
D30 B FM-006b | River
  Worker is trying to rescue jobs from queues that are not assigned to it
  https://github.com/riverqueue/river/issues/1105
D31 A FM-031a | River
  Periodic jobs: better document seamless jobs with RunOnStart
  https://github.com/riverqueue/river/issues/791
D32 A FM-012 FM-008a | pg-boss
  Expired jobs are not stopped
  https://github.com/timgit/pg-boss/issues/555
D33 B FM-032b | pg-boss
  Fix key_strict_fifo blocking and priority ordering
  https://github.com/timgit/pg-boss/pull/849
D34 A FM-001 | Huey
  Duplicate and lost tasks?
  https://github.com/coleifer/huey/issues/253
D35 B FM-003a | Huey
  Potential loss of due SQLite scheduled tasks when enqueue fails after schedule removal
  https://github.com/coleifer/huey/issues/915
D36 A FM-054 FM-023 | Kafka clients (sarama-cluster, librdkafka)
  Offset management skipping message
  https://github.com/bsm/sarama-cluster/issues/148
D37 A FM-010 FM-035a | RabbitMQ
  Clear unacknowledged messages in channel state when queue leader restarts
  https://github.com/rabbitmq/rabbitmq-server/pull/4305
D38 A FM-004 | NATS JetStream
  JetStream loses acknowledged writes by default due to deferred fsync
  https://github.com/nats-io/nats-server/issues/7564
D39 B FM-020 | NATS JetStream
  De-duplication within the configured Duplicate Window does not refresh time last sent
  event time for message id
  https://github.com/nats-io/nats-server/issues/7302
D40 B FM-035a FM-004 | NATS JetStream
  Durable consumers Acknowledgment Floor "reset" on power failure
  https://github.com/nats-io/nats-server/issues/8036
D41 A FM-016 | Google Pub/Sub
  PubSub: Sub client not retrieving message again if it doesn't ack
  https://github.com/googleapis/google-cloud-python/issues/5005
D42 A FM-026a FM-013 | Kubernetes Job
  Tracking with finalizers might count a Pod more than once
  https://github.com/kubernetes/kubernetes/issues/105200
D43 A FM-031a | Kubernetes CronJob
  Stopping cluster overnight prevents scheduled jobs from running after cluster startup.
  https://github.com/kubernetes/kubernetes/issues/42649
D44 A FM-022a FM-018 | Amazon SQS
  DeleteMessage - Amazon Simple Queue Service (API reference)
  https://docs.aws.amazon.com/goto/WebAPI/sqs/DeleteMessage
D45 A FM-019 FM-020 | AWS Lambda Powertools idempotency
  Idempotency and Lambda timeouts
  https://github.com/aws-powertools/powertools-lambda-python/issues/1038
D46 A FM-006c FM-027a | Sentry taskbroker (SQLite-backed)
  Replace remove_at with processing_attempts
  https://github.com/getsentry/taskbroker/issues/171
D47 A FM-008d | Sentry taskbroker (SQLite-backed)
  feat: Add a deadline quiet period after startup
  https://github.com/getsentry/taskbroker/pull/461
D48 A FM-004 FM-003c | Sentry taskbroker (SQLite-backed)
  fix: flush WAL on each commit to the store
  https://github.com/getsentry/taskbroker/pull/191
D49 A FM-034a | SQLite (NREL torc)
  Use BEGIN IMMEDIATE for read-then-write transactions
  https://github.com/NatLabRockies/torc/pull/282
D50 A FM-009 | db-scheduler
  Feature: use db-clock for heartbeats and dead-execution detection
  https://github.com/kagkarlsson/db-scheduler/issues/433
D51 A FM-021 | Consul (Delayed Job)
  Check recipient of newsletter before resending
  https://github.com/AyuntamientoMadrid/consul/pull/1739
D52 B FM-018 | Stripe webhooks in open-saas
  Missing idempotency in webhook endpoints (+ related robustness gaps)
  https://github.com/wasp-lang/open-saas/issues/688
D53 B FM-022b | JMSJobQueueBundle
  Command throws exception but job still marked as finished
  https://github.com/schmittjoh/JMSJobQueueBundle/issues/26
D54 B FM-036 FM-034a | holon (SQLite)
  bug: runtime DB lock storms cause repeated message requeues and stale queue pressure
  https://github.com/holon-run/holon/issues/1851
D55 A FM-033 | GoToSocial (SQLite)
  [bug/sqlite] `sqlite.db-wal` file grows indefinitely without flushing to `sqlite.db`
  https://github.com/superseriousbusiness/gotosocial/issues/2808
D56 A FM-029 | Solid Queue / Oban Pro
  Need to retry jobs that died with ProcessPrunedError
  https://github.com/rails/solid_queue/issues/591
D57 A FM-008a FM-027a | beanstalkd
  [Question] Why delete command throws NOT_FOUND for READY/RESERVED job?
  https://github.com/beanstalkd/beanstalkd/issues/377
D58 B FM-054 FM-023 | persist-queue
  Using task_done() in multiple threads
  https://github.com/peter-wangxu/persist-queue/issues/89
D59 A FM-033 | Slack job queue (Redis)
  Scaling Slack's Job Queue
  https://slack.engineering/scaling-slacks-job-queue/
D60 A FM-008b FM-017 | GitHub background jobs
  GitHub Availability Report: August 2023
  https://github.blog/news-insights/company-news/github-availability-report-august-2023/
"""
