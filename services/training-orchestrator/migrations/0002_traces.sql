-- The trace that a job was ordered in: an attempt that is ordered again belongs to it, too. Older jobs have none.

ALTER TABLE jobs ADD COLUMN trace jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(trace) = 'object');
COMMENT ON COLUMN jobs.trace IS 'The headers (traceparent) that carry the trace of the request for the job';
