"""The reference implementation: the spec's transitions, derived and made durable, on SQLite or on
PostgreSQL.

Read `view` first (what one step can see), then `derive` (an action becomes a transition),
`statements` and `tables` (how they look in SQL), `store` (a transition is taken) and `mapping`
(what is stored, as a state of the spec).
"""
