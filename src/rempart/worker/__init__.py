"""Jobs and their schedule: decide what was deposited, fold the log, tidy. A row that waits is the job: no queue."""
