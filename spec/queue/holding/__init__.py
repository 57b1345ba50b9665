"""How a worker holds a job: by name, over a connection, in time."""
