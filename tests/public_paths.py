"""What is public of the platform, and what is not: a table of its own beside what the catalogue says."""

REQUESTS = [
    ("/api/v1/jobs", "training-orchestrator", "/jobs"),
    ("/api/v1/jobs/7/cancel", "training-orchestrator", "/jobs/7/cancel"),
    ("/api/v1/jobs/", "training-orchestrator", "/jobs/"),
    ("/api/v1/models/a/versions/1/artifact", "model-registry", "/models/a/versions/1/artifact"),
    ("/api/v1/ml/predict", "ml-engine", "/ml/predict"),
    ("/api/v1/parse", "query-parser", "/parse"),
    ("/test", "test-service", "/"),
    ("/test/", "test-service", "/"),
    ("/test/ask", "test-service", "/ask"),
    ("/test/runs", "test-service", "/runs"),
    ("/test/runs/1", "test-service", "/runs/1"),
    *(
        (f"/{prefix}/docs/{name}{rest}", name, f"/docs/{name}{rest}")
        for prefix, name in (
            ("api/v1", "training-orchestrator"),
            ("api/v1", "model-registry"),
            ("api/v1", "ml-engine"),
            ("api/v1", "query-parser"),
            ("test", "test-service"),
        )
        for rest in ("", "/", "/openapi.json", "/swagger-ui.css")
    ),
]
"""Requested path, the service that answers, and the path that it sees."""
UNANSWERED = (
    "/", "/api", "/api/v1", "/api/v1/", "/jobs", "/metrics", "/ready", "/health", "/docs", "/openapi.json",
    "/api/v1/jobsx", "/api/v1/metrics", "/api/v1/ready", "/api/v1/docs", "/api/v1/openapi.json", "/api/v1/runs",
    "/test/metrics", "/test/ready", "/test/health", "/test/openapi.json", "/test/docs", "/test/runsx", "/testing",
    "/test/asked", "/test/docs/ml-engine/", "/api/v1/docs/test-service/",
)  # fmt: skip
ENCODED = (
    "/test/runs/../metrics", "/test/runs/%2e%2e/metrics", "/api/v1/ml/../metrics", "/api/v1/ml/%2e%2e/%2e%2e/metrics",
    "/api/v1/docs/ml-engine/..%2f..%2fmetrics", "/test/runs/..%2Fmetrics", "/api/v1//metrics", "//metrics",
)  # fmt: skip
"""Written in another way: who resolves them after choosing a route would find what is not public."""
