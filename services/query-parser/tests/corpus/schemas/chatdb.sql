-- Sample rows for the tables that the migrations of the orchestrator and of the registry made.

INSERT INTO registry.models (name, description, last_version, created_at)
SELECT m, d, v, now() - a * interval '1 day'
FROM (VALUES
    ('iris', 'flowers by their petals', 4, 200), ('churn', 'who leaves', 3, 90), ('house-prices', 'price of a house', 2, 40),
    ('spam', '', 2, 9), ('fraud', 'card fraud', 1, 5), ('demand', '', 0, 1)
) AS t (m, d, v, a);

INSERT INTO orchestrator.jobs
    (id, model_name, dataset_location, target_column, task, cpu_request, status, attempts, lease_owner, lease_expires_at, result, error,
     created_at, updated_at, finished_at)
SELECT ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, model,
    's3://datasets/' || model || CASE WHEN n % 3 = 0 THEN '.parquet' ELSE '.csv' END,
    CASE WHEN n % 4 = 0 THEN NULL WHEN n % 4 = 1 THEN 'label' ELSE 'price' END,
    CASE WHEN model = 'house-prices' OR model = 'demand' THEN 'regression' WHEN n % 7 = 0 THEN NULL ELSE 'classification' END,
    CASE WHEN n % 5 = 0 THEN NULL ELSE 0.5 * (1 + n % 6) END,
    status, CASE WHEN status = 'QUEUED' THEN 0 ELSE 1 + n % 4 END,
    CASE WHEN status = 'RUNNING' THEN 'worker-' || n % 2 END, CASE WHEN status = 'RUNNING' THEN now() + interval '1 minute' END,
    CASE WHEN status = 'SUCCEEDED' THEN '{}'::jsonb END,
    CASE WHEN status = 'FAILED' THEN (ARRAY['out of memory', 'target has one class', 'no rows'])[1 + n % 3] END,
    created, created + interval '3 hours',
    CASE WHEN status IN ('SUCCEEDED', 'FAILED', 'CANCELLED')
        THEN created + (1 + n % 9) * interval '20 minutes' + n * interval '1 second' END
FROM (
    SELECT n, now() - (n * n / 3 + n) * interval '5 hours' AS created,
        (ARRAY['iris', 'churn', 'iris', 'house-prices', 'spam', 'iris', 'churn', 'fraud', 'iris', 'demand', 'churn', 'iris', 'house-prices'])
            [1 + (n * n) % 13] AS model,
        (ARRAY['SUCCEEDED', 'FAILED', 'SUCCEEDED', 'RUNNING', 'SUCCEEDED', 'CANCELLED', 'QUEUED', 'FAILED', 'SUCCEEDED', 'FAILED', 'QUEUED'])
            [1 + (n * 7) % 11] AS status
    FROM generate_series(1, 70) AS n
) AS made;

INSERT INTO registry.versions
    (model_name, version, state, job_id, task, format, sha256, size_bytes, object_key, created_at, ready_at)
SELECT m.name, v, CASE WHEN pending THEN 'PENDING' ELSE 'READY' END,
    (SELECT id FROM orchestrator.jobs AS j WHERE j.model_name = m.name AND j.status = 'SUCCEEDED' ORDER BY id OFFSET v - 1 LIMIT 1),
    CASE WHEN m.name = 'house-prices' THEN 'regression' ELSE 'classification' END,
    CASE WHEN v % 2 = 0 THEN 'skops' ELSE 'onnx' END,
    CASE WHEN NOT pending THEN md5(m.name || v) || md5(v || m.name) END, CASE WHEN NOT pending THEN 1000 * v * v * length(m.name) + 17 END,
    CASE WHEN NOT pending THEN m.name || '/' || v END, m.created_at + v * interval '30 hours',
    CASE WHEN NOT pending THEN m.created_at + v * interval '30 hours' + interval '1 hour' END
FROM registry.models AS m, generate_series(1, m.last_version) AS v,
    LATERAL (SELECT v = m.last_version AND m.name IN ('churn', 'spam') AS pending) AS p;

INSERT INTO registry.aliases (model_name, alias, version, previous) VALUES
    ('iris', 'champion', 3, 2), ('iris', 'candidate', 4, NULL), ('churn', 'champion', 2, 1), ('house-prices', 'champion', 2, NULL);
