-- Whether a lane that nobody holds waits for a worker.
SELECT EXISTS (SELECT FROM lane WHERE ready_at <= now() AND held_until <= now() AND lease_until < now())
