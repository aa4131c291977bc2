-- Training jobs, their history, and the tables that make Kafka and HTTP deliveries count once.
-- The schema is set by whoever applies this; ids are UUIDv7, so ordering by id is ordering by time.

CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    model_name text NOT NULL CHECK (model_name ~ '^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$'),
    dataset_location text NOT NULL CHECK (char_length(dataset_location) BETWEEN 1 AND 2048),
    target_column text CHECK (char_length(target_column) BETWEEN 1 AND 256),
    task text CHECK (task IN ('classification', 'regression')),
    cpu_request numeric(6, 3) CHECK (cpu_request > 0),
    hyperparameters jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(hyperparameters) = 'object'),
    status text NOT NULL DEFAULT 'QUEUED'
        CHECK (status IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    lease_owner text CHECK (char_length(lease_owner) BETWEEN 1 AND 256),
    lease_expires_at timestamptz,
    result jsonb CHECK (jsonb_typeof(result) = 'object'),
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT jobs_lease_while_running CHECK (
        (status = 'RUNNING') = (lease_owner IS NOT NULL)
        AND (status = 'RUNNING') = (lease_expires_at IS NOT NULL)
    ),
    CONSTRAINT jobs_finished_when_terminal CHECK (
        (status IN ('SUCCEEDED', 'FAILED', 'CANCELLED')) = (finished_at IS NOT NULL)
    ),
    CONSTRAINT jobs_running_was_tried CHECK (status <> 'RUNNING' OR attempts > 0),
    CONSTRAINT jobs_failed_says_why CHECK (status <> 'FAILED' OR error IS NOT NULL),
    CONSTRAINT jobs_succeeded_has_result CHECK (status <> 'SUCCEEDED' OR result IS NOT NULL)
);
COMMENT ON TABLE jobs IS 'One training job each; its status changes by compare-and-set on version';
COMMENT ON COLUMN jobs.target_column IS 'NULL: the last column of the data set';
COMMENT ON COLUMN jobs.task IS 'NULL: chosen from the target';
COMMENT ON COLUMN jobs.lease_owner IS 'The worker that runs the job; its heartbeat moves lease_expires_at';
COMMENT ON COLUMN jobs.attempts IS 'How often the job was handed to a worker';

CREATE INDEX jobs_by_status ON jobs (status, id DESC);
CREATE INDEX jobs_by_model_name ON jobs (model_name, id DESC);
CREATE INDEX jobs_by_lease ON jobs (lease_expires_at) WHERE status = 'RUNNING';

-- Holds for every writer, also for one with a bug: terminal states never change, and each change of status is numbered.
CREATE FUNCTION check_job_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF old.status IN ('SUCCEEDED', 'FAILED', 'CANCELLED') THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'jobs_terminal_is_final',
            MESSAGE = format('job %s is %s and stays so', old.id, old.status);
    END IF;
    IF old.status = 'QUEUED' AND new.status = 'SUCCEEDED' THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'jobs_succeeded_has_run',
            MESSAGE = format('job %s cannot succeed before it runs', old.id);
    END IF;
    IF new.version <> old.version + 1 AND (new.status <> old.status OR new.version <> old.version) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'jobs_version_counts_changes',
            MESSAGE = format('a change of job %s must raise its version by one', old.id);
    END IF;
    RETURN new;
END
$$;
CREATE TRIGGER jobs_change BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION check_job_change();

CREATE TABLE transitions (
    job_id uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    version integer NOT NULL CHECK (version > 0),
    from_status text CHECK (from_status IN ('QUEUED', 'RUNNING')),
    to_status text NOT NULL CHECK (to_status IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    reason text,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job_id, version),
    CONSTRAINT transitions_start_queued CHECK (from_status IS NOT NULL OR (to_status = 'QUEUED' AND version = 1)),
    CONSTRAINT transitions_change_status CHECK (from_status <> to_status)
);
COMMENT ON TABLE transitions IS 'The history of each job: one row per change of status, under the version it made';

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL CHECK (topic <> ''),
    key text NOT NULL,
    payload jsonb NOT NULL,
    headers jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(headers) = 'object'),
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz
);
COMMENT ON TABLE outbox IS
    'Messages that were decided with a change of a job; what is unpublished is sent, in order of id, at least once';

CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at IS NULL;
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;

CREATE TABLE inbox (
    message_id text PRIMARY KEY CHECK (message_id <> ''),
    topic text NOT NULL CHECK (topic <> ''),
    received_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE inbox IS 'Messages whose effect is committed; a second delivery finds its row and does nothing';

CREATE INDEX inbox_by_age ON inbox (received_at);

CREATE TABLE idempotency_keys (
    scope text NOT NULL CHECK (scope <> ''),
    key text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
    request_sha256 text NOT NULL CHECK (request_sha256 ~ '^[0-9a-f]{64}$'),
    response_status integer CHECK (response_status BETWEEN 200 AND 499),
    response_headers jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(response_headers) = 'object'),
    response_body jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, key),
    CONSTRAINT idempotency_keys_body_has_status CHECK (response_body IS NULL OR response_status IS NOT NULL)
);
COMMENT ON TABLE idempotency_keys IS
    'First responses by Idempotency-Key; scope is method and path, response_status is NULL while it is in flight';

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
