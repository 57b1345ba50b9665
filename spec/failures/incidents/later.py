"""Incidents that were each read for one failure mode, whose page names them; as in `first`."""

LATER = """
D61 B FM-037 | Bull
  Jobs can sometimes be processed after a queue is paused locally.
  https://github.com/OptimalBits/bull/issues/447
D62 B FM-037 | sidekiq-limit_fetch
  Pause is not effective immediately
  https://github.com/d34ndev/sidekiq-limit_fetch/issues/81
D63 A FM-004 | Patroni (PostgreSQL)
  Cancelling of PG query while waiting synchronous replication could lead to split brain
  https://github.com/patroni/patroni/issues/1412
D64 B FM-004 | stolon (PostgreSQL)
  *: overcome postgres sync repl limit causing lost transactions under some events
  https://github.com/sorintlab/stolon/pull/514
D65 A FM-038 | GitLab Geo (PostgreSQL, repmgr)
  Geo1 PostgreSQL master-master split-brain
  https://gitlab.com/gitlab-org/gitlab/-/work_items/4533
D66 B FM-038 | Bitnami PostgreSQL HA (repmgr)
  There is a severe bug with the postgres-HA on K8 as the restarting down node REPMGR ignores
  the fact that there is a newly elected primary
  https://github.com/bitnami/charts/issues/20998
D67 A FM-039 | Quartz.NET
  A row lock held by a dead database session stalls the cluster silently
  https://github.com/quartznet/quartznet/issues/3764
D68 A FM-039 | RudderStack (PostgreSQL)
  feat: introduce tx idle timeout in postgres connections
  https://github.com/rudderlabs/rudder-server/pull/4598
D69 B FM-040 | EctoJob
  feat: Add :always_dispatch_jobs_on_poll option
  https://github.com/mbuhot/ecto_job/pull/21
D70 A FM-008e FM-040 | GoodJob behind PgBouncer
  Graceful fallback to polling when LISTEN/NOTIFY isn't available
  https://github.com/bensheldon/good_job/issues/482
D71 B FM-022a | Enqueue (PHP)
  [Job][Symfony] Job not found on Master/Slave setup
  https://github.com/php-enqueue/enqueue-dev/issues/794
D72 A FM-025a | Solid Queue
  Release concurrency locks when supervisor fails the jobs handled by workers
  https://github.com/rails/solid_queue/pull/547
D73 A FM-025a | Centaur (Absurd on PostgreSQL)
  fix: release worker permit for cancelled tasks
  https://github.com/paradigmxyz/centaur/pull/635
D74 A FM-041 | Windmill
  race condition issue of concurrency limit when N workers are fetching jobs at the same time
  https://github.com/windmill-labs/windmill/issues/2216
D75 A FM-041 | PgQueuer
  fix(qb): window candidates before locking
  https://github.com/janbjorge/pgqueuer/pull/774
D76 B FM-042 | sidekiq-unique-jobs
  Problem when job failed and is retrying
  https://github.com/zoolutions/sidekiq-unique-jobs/issues/332
D77 A FM-043 | River
  Fix unique scheduling issues
  https://github.com/riverqueue/river/pull/619
D78 A FM-043 | Awa
  fix(maintenance): per-row rescue fallback for unique-claim conflicts; cut 0.6.1
  https://github.com/hardbyte/awa/pull/390
D79 B FM-043 | Procrastinate
  Suggested `retry_stalled_jobs` implementation fails on jobs with queueing lock
  https://github.com/procrastinate-org/procrastinate/issues/1446
D80 A FM-024b | Cezar
  fix: race-proof job enqueue with partial unique indexes (#72)
  https://github.com/open-mercato/cezar/pull/192
D81 B FM-024b | ownCloud
  Race condition could insert duplicate async jobs
  https://github.com/owncloud/core/issues/25322
D82 B FM-031a | Dkron
  Jobs Missing Execution after Leadership election
  https://github.com/dkron-io/dkron/issues/1210
D83 A FM-031b | GoodJob
  Use unique index on [cron_key, cron_at] columns to prevent duplicate cron jobs from being
  enqueued
  https://github.com/bensheldon/good_job/pull/423
D84 A FM-031b | Steady Queue
  Fix duplicate recurring enqueues when multiple schedulers run
  https://github.com/knifecake/steady-queue/pull/54
D85 A FM-044 | Hermes Agent
  fix(cron): fire one catch-up for a slot missed during a restart gap (#107485)
  https://github.com/NousResearch/hermes-agent/pull/108945
D86 A FM-026b | Acidic Job
  awaits: a permanently-failed awaited child strands its parent workflow
  https://github.com/fractaledmind/acidic_job/issues/143
D87 A FM-026b | BullMQ
  [Bug]: Child job created through flowProducer is failed, but its parent job is stuck in
  `waiting-children`
  https://github.com/taskforcesh/bullmq/issues/3362
D88 A FM-045 | Screwdriver
  fix(1710): Race condition in logic for starting join job
  https://github.com/screwdriver-cd/screwdriver/pull/1996
D89 A FM-046 | Wurk
  fix(pro): gate parent batch :complete/:success on running child batches (#209)
  https://github.com/developerz-ai/wurk/pull/223
D90 B FM-046 | Cloudtasker
  Prevent on_batch_complete from firing before all children are enqueued
  https://github.com/keypup-io/cloudtasker/pull/175
D91 A FM-048 | Eneo
  feat: deliver committed knowledge jobs reliably after crashes between database and queue
  https://github.com/eneo-ai/eneo/pull/633
D92 B FM-048 | Novu
  Bug Report: Worker crash between DB update and queue insertion permanently orphans scheduled
  jobs
  https://github.com/novuhq/novu/issues/12124
D93 A FM-049 | wf
  chore(subworkflow): suport native mode
  https://github.com/dthtien/wf/pull/14
D94 A FM-047 | Trigger.dev
  fix(webapp,run-engine): stop batchTriggerAndWait hanging when item streaming never completes
  https://github.com/triggerdotdev/trigger.dev/pull/4397
D95 B FM-049 | Yorc
  Fix concurrent workers register duplicate task execution for nextstep
  https://github.com/ystia/yorc/pull/787
D96 A FM-050 | Oban
  Replacing values for unique jobs is unsafe when the job is executing?
  https://github.com/oban-bg/oban/issues/635
D97 A FM-050 | Windmill
  fix(debounce): never supersede a running debounce survivor
  https://github.com/windmill-labs/windmill/pull/9780
D98 A FM-050 | Inngest
  Check debounce job lease when rescheduling debounce
  https://github.com/inngest/inngest/pull/827
D99 A FM-051 | Memry
  sync: keep the newest queue row when coalescing a push batch
  https://github.com/memrynote/memry/pull/967
D100 A FM-052 | sidekiq-debouncer
  Data loss
  https://github.com/paladinsoftware/sidekiq-debouncer/issues/14
D101 A FM-053 FM-055 | MassTransit
  Batch Message Consumption
  https://github.com/MassTransit/MassTransit/issues/800
D102 A FM-054 | sqs-consumer
  Individual failures are not checked on deleteMessageBatch
  https://github.com/bbc/sqs-consumer/issues/193
D103 B FM-054 | Camunda
  Batch operation reports state COMPLETED despite permanently failed items, with an empty errors
  array
  https://github.com/camunda/camunda/issues/61727
D104 A FM-055 | QueueBatch
  Messages in a batch marked as processed get picked up again if others cause exception
  https://github.com/Scooletz/QueueBatch/issues/15
D105 A FM-032a | RudderStack (PostgreSQL)
  fix(router): retry backoff causing out-of-order job processing
  https://github.com/rudderlabs/rudder-server/pull/3098
D106 A FM-032a | TanStack DB
  fix(offline-transactions): enforce strict FIFO when retries are pending
  https://github.com/TanStack/db/pull/1300
D107 A FM-032b | pg-boss
  fix: prevent key_strict_fifo jobs from blocking other keys
  https://github.com/timgit/pg-boss/pull/871
D108 A FM-032b | Apache SeaTunnel
  [Test][E2E] Add regression coverage for WAIT-strategy head-of-line blocking
  https://github.com/apache/seatunnel/pull/12103
D109 A FM-023 | Kamu (PostgreSQL)
  Outbox: eliminate potential loss of messages related to unguaranteed message ID order
  https://github.com/kamu-data/kamu-cli/issues/1398
D110 A FM-023 | Rails Event Store (PostgreSQL)
  Event Store as queue
  https://github.com/RailsEventStore/rails_event_store/issues/106
D111 A FM-023 | Wise tw-tkms (PostgreSQL)
  Allowing to defer message insertions until just before the commit.
  https://github.com/transferwise/tw-tkms/pull/69
D112 A FM-060 | Sidekiq
  Potential race condition where jobs get re-enqueued multiple times when retrying from RetrySet
  or DeadSet
  https://github.com/sidekiq/sidekiq/issues/3436
D113 A FM-060 | Oban
  retry_all_jobs/1 retrying successfully completed jobs
  https://github.com/oban-bg/oban/issues/926
D114 A FM-061 | Plumber (BullMQ)
  [HOTPATCH] Executions status stuck at null after maximal automated retries
  https://github.com/opengovsg/plumber/pull/556
D115 B FM-061 | Mission Control (Solid Queue)
  Retry from dashboard does not work
  https://github.com/rails/mission_control-jobs/issues/122
D116 A FM-062 | Resque
  Requeue and remove
  https://github.com/resque/resque/pull/703
D117 B FM-062 | Resque
  Retry failed Jobs
  https://github.com/resque/resque/issues/548
D118 A FM-063 | MatrixOne
  fix: align CDC pause visible state
  https://github.com/matrixorigin/matrixone/pull/24804
D119 A FM-063 | Bull
  A paused queue should not process delayed jobs.
  https://github.com/OptimalBits/bull/issues/1087
D120 A FM-064 | durable (PostgreSQL)
  Explicitly reconnect PgListener before returning Event::Lagged
  https://github.com/iopsystems/durable/pull/66
D121 A FM-064 | Pulp (PostgreSQL)
  Keep listening on pg channels in workers
  https://github.com/pulp/pulpcore/pull/1703
D122 A FM-064 | Orly
  jhm: fix a lost-wakeup race in the job runner (#337); gate output labels on content (#347)
  https://github.com/orlyatomics/orly/pull/473
D123 A FM-065 | Stacks
  fix(queue): spread retries so an outage cannot resynchronise the herd
  https://github.com/stacksjs/stacks/pull/2298
D124 A FM-065 | PostHog (cyclotron)
  feat(cdp): fast-first-retry + exponential backoff on janitor stalled-job resets
  https://github.com/PostHog/posthog/pull/71361
D125 A FM-065 | Rails Active Job
  Add :jitter to :exponentially_longer
  https://github.com/rails/rails/pull/31872
D126 B FM-056 | GoodJob
  Gracefully handle `NameError` while workers are restarting
  https://github.com/bensheldon/good_job/issues/1546
D127 A FM-056 | Formbricks (BullMQ)
  feat(webhooks): fan out webhook delivery into per-webhook background jobs
  https://github.com/formbricks/formbricks/pull/9123
D128 B FM-057 | Temporal Worker Controller
  [Bug] Draining versions scaled to 0 during unspecified-drainage window never scale back up
  https://github.com/temporalio/temporal-worker-controller/issues/573
D129 B FM-058 | Procrastinate
  Jobs permanently stuck in "doing" — two scenarios with no recovery mechanism
  https://github.com/procrastinate-org/procrastinate/issues/1518
D130 B FM-059 | Procrastinate
  Retry stalled retry stalled jobs jobs :)
  https://github.com/procrastinate-org/procrastinate/issues/1408
D131 A FM-066 | Antenna (Celery, NATS)
  Saving job progress concurrently is the root of multiple issues related to incorrect job statuses
  https://github.com/RolnickLab/antenna/issues/1337
D132 B FM-066 | Concourse
  Outputs of in_parallel steps lost if resource used concurrently
  https://github.com/concourse/concourse/issues/8022
"""
