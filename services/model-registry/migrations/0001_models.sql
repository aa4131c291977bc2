-- Models, their immutable versions, and the aliases that point to them.
-- The schema is set by whoever applies this.

CREATE TABLE models (
    name text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$'),
    description text NOT NULL DEFAULT '' CHECK (char_length(description) <= 4096),
    last_version integer NOT NULL DEFAULT 0 CHECK (last_version >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE models IS 'One model each, by its name in URLs';
COMMENT ON COLUMN models.last_version IS 'The highest number given out, so that the number of a deleted version never returns';

CREATE INDEX models_by_age ON models (created_at DESC, name);

CREATE TABLE versions (
    model_name text NOT NULL REFERENCES models (name) ON DELETE CASCADE,
    version integer NOT NULL CHECK (version > 0),
    state text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'READY')),
    job_id uuid,
    task text CHECK (task IN ('classification', 'regression')),
    format text NOT NULL CHECK (format IN ('onnx', 'skops')),
    metrics jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metrics) = 'object'),
    signature jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(signature) = 'object'),
    sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint CHECK (size_bytes > 0),
    object_key text UNIQUE CHECK (object_key <> ''),
    created_at timestamptz NOT NULL DEFAULT now(),
    ready_at timestamptz,
    PRIMARY KEY (model_name, version),
    UNIQUE (model_name, version, state),
    CONSTRAINT versions_ready_is_whole CHECK (
        (state = 'READY') = (ready_at IS NOT NULL)
        AND (state = 'PENDING' OR (sha256 IS NOT NULL AND size_bytes IS NOT NULL AND object_key IS NOT NULL))
    )
);
COMMENT ON TABLE versions IS 'One trained artifact each; visible when READY, which it becomes once its artifact is whole';
COMMENT ON COLUMN versions.job_id IS 'The training job that made it: at most one version per job, however often it reports';
COMMENT ON COLUMN versions.signature IS 'Names and types of the inputs and of the output';
COMMENT ON COLUMN versions.object_key IS 'Where the artifact is in the bucket; what no READY version names may be swept';

CREATE UNIQUE INDEX versions_by_job ON versions (model_name, job_id) WHERE job_id IS NOT NULL;
CREATE INDEX versions_pending ON versions (created_at) WHERE state = 'PENDING';

-- Holds for every writer, also for one with a bug: who loads a version by its digest gets what was evaluated.
CREATE FUNCTION check_version_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF old.state = 'READY' THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'versions_ready_is_final',
            MESSAGE = format('version %s of %s is READY and stays as it is', old.version, old.model_name);
    END IF;
    RETURN new;
END
$$;
CREATE TRIGGER versions_change BEFORE UPDATE ON versions FOR EACH ROW EXECUTE FUNCTION check_version_change();

CREATE TABLE aliases (
    model_name text NOT NULL REFERENCES models (name) ON DELETE CASCADE,
    alias text NOT NULL CHECK (alias ~ '^[a-z]([a-z0-9_-]{0,62}[a-z0-9])?$'),
    version integer NOT NULL,
    previous integer,
    revision integer NOT NULL DEFAULT 1 CHECK (revision > 0),
    updated_at timestamptz NOT NULL DEFAULT now(),
    required_state text NOT NULL GENERATED ALWAYS AS ('READY') STORED,
    PRIMARY KEY (model_name, alias),
    FOREIGN KEY (model_name, version, required_state) REFERENCES versions (model_name, version, state),
    FOREIGN KEY (model_name, previous) REFERENCES versions (model_name, version) ON DELETE SET NULL (previous),
    CONSTRAINT aliases_previous_is_another CHECK (previous <> version)
);
COMMENT ON TABLE aliases IS 'Names such as champion for a READY version; changed by compare-and-set on revision';
COMMENT ON COLUMN aliases.previous IS 'What the alias named before, for a rollback; NULL when that version is gone';
COMMENT ON COLUMN aliases.required_state IS 'Lets the foreign key accept READY versions only';

CREATE INDEX aliases_by_version ON aliases (model_name, version);
CREATE INDEX aliases_by_previous ON aliases (model_name, previous);

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
