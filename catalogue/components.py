"""The components of ChatDB: the one place where each is described. All else is derived from these entries."""

from pathlib import Path

from catalogue.buckets import BUCKETS
from catalogue.dashboards import JOBS
from catalogue.defaults import DATABASE, JOB_RESOURCES, pg_isready
from catalogue.externals import API, EXTERNALS, GATEWAY_CONTROLLER
from catalogue.images import IMAGES
from catalogue.machines import MACHINES, NODE_OVERHEAD
from catalogue.namespaces import Namespace
from catalogue.tiers import OPTIONAL_TIERS, WAVES, Tier
from catalogue.topics import TOPICS
from catalogue.traits import TRAITS
from catalogue.waivers import WAIVERS
from constructs_lib.defaults import env, http, service_probes, tool_probes
from constructs_lib.model import (
    Access,
    Autoscale,
    BucketAccess,
    Catalogue,
    Component,
    Dependency,
    Port,
    Resources,
    Route,
    Schema,
    Storage,
)
from constructs_lib.quantity import MIB

TELEMETRY = Dependency("jaeger", "otlp-http")
API_PREFIX = "/api/v1"
HOST = "chatdb.local"

PLATFORM = (
    Component(
        name="credentials",
        tier=Tier.PLATFORM,
        type="credentials",
        namespace=Namespace.SYSTEM,
        image="python",
        needs=API,
        resources=JOB_RESOURCES,
    ),
)

FOUNDATION = (
    Component(
        name="postgres",
        tier=Tier.FOUNDATION,
        type="postgres",
        namespace=Namespace.SYSTEM,
        image="postgres",
        uid=999,
        ports=(
            Port(
                name="postgres",
                number=5432,
                admin_env=env(PGHOST="{host}", PGPORT="{port}", PGDATABASE=DATABASE),
                credentials=env(DATABASE_URL="postgresql://{role}:{password}@{host}:{port}/" + DATABASE),
            ),
        ),
        settings=env(POSTGRES_DB=DATABASE, PGDATA="/var/lib/postgresql/data/pgdata"),
        generated_secrets=env(POSTGRES_PASSWORD="password"),
        resources=Resources(cpu="250m", memory="512Mi", cpu_limit="500m", memory_limit="1Gi"),
        probes=pg_isready(),
        storage=Storage(claim="data", mount_path="/var/lib/postgresql/data", size="10Gi"),
        grace_period=60,
    ),
    Component(
        name="kafka",
        tier=Tier.FOUNDATION,
        type="kafka",
        namespace=Namespace.SYSTEM,
        image="kafka",
        uid=1000,
        # Base64 of 16 bytes; fixed, since a volume that was formatted with another one is refused.
        settings=env(CLUSTER_ID="Y2hhdGRiLWthZmthLTAwMQ"),
        ports=(Port(name="kafka", number=9092, env=env(KAFKA_BOOTSTRAP_SERVERS="{host}:{port}")),),
        resources=Resources(cpu="500m", memory="1Gi", cpu_limit="1000m", memory_limit="1536Mi"),
        probes=tool_probes("kafka"),
        storage=Storage(claim="data", mount_path="/var/lib/kafka", size="10Gi"),
        grace_period=60,
    ),
    Component(
        name="minio",
        tier=Tier.FOUNDATION,
        type="object-store",
        namespace=Namespace.SYSTEM,
        image="minio",
        ports=(
            Port(
                name="api",
                number=9000,
                env=env(S3_ENDPOINT="http://{host}:{port}"),
                credentials=env(AWS_ACCESS_KEY_ID="{MINIO_ROOT_USER}", AWS_SECRET_ACCESS_KEY="{MINIO_ROOT_PASSWORD}"),
            ),
            Port(name="console", number=9001),
        ),
        generated_secrets=env(MINIO_ROOT_USER="user", MINIO_ROOT_PASSWORD="password"),
        resources=Resources(cpu="250m", memory="256Mi", cpu_limit="500m", memory_limit="512Mi"),
        probes=tool_probes("api", live="/minio/health/live", ready="/minio/health/ready"),
        storage=Storage(claim="minio-pvc", mount_path="/data", size="20Gi"),
    ),
)

SETUP = (
    Component(
        name="kafka-topics",
        tier=Tier.SETUP,
        type="kafka-topics",
        namespace=Namespace.SYSTEM,
        image="kafka",
        uid=1000,
        needs=(Dependency("kafka", "kafka"),),
        # A JVM for each topic that is missing, two at once: the other Jobs' 128Mi would not hold one.
        resources=Resources(cpu="50m", memory="128Mi", cpu_limit="2000m", memory_limit="256Mi"),
    ),
    Component(
        name="postgres-schema",
        tier=Tier.SETUP,
        type="postgres-schema",
        namespace=Namespace.SYSTEM,
        image="postgres",
        uid=999,
        needs=(Dependency("postgres", "postgres"),),
        settings=env(PGUSER="postgres"),
        shared_secrets=env(PGPASSWORD="postgres/POSTGRES_PASSWORD"),
        resources=JOB_RESOURCES,
    ),
    Component(
        name="object-store-buckets",
        tier=Tier.SETUP,
        type="object-store-buckets",
        namespace=Namespace.SYSTEM,
        image="python",
        needs=(Dependency("minio", "api"),),
        resources=JOB_RESOURCES,
    ),
)

CORE = (
    Component(
        name="training-orchestrator",
        tier=Tier.CORE,
        type="microservice",
        namespace=Namespace.SERVICES,
        image="training-orchestrator",
        ports=(http("training-orchestrator", 8000),),
        needs=(Dependency("postgres", "postgres"), Dependency("kafka", "kafka")),
        talks_to=(TELEMETRY,),
        produces=env(TRAINING_TOPIC="training_jobs"),
        consumes=env(EVENTS_TOPIC="training_events"),
        labels=env(component="orchestration"),
        replicas=2,
        resources=Resources(cpu="250m", memory="256Mi", cpu_limit="500m", memory_limit="512Mi"),
        probes=service_probes(),
        route=Route(path=f"{API_PREFIX}/jobs", strip=API_PREFIX),
        metrics="http",
        schema=Schema(name="orchestrator", migrations="services/training-orchestrator/migrations"),
        # Jobs are taken, and their messages wait in the outbox.
        ready_without=("kafka",),
        # Never one alone; its topic has three partitions.
        autoscale=Autoscale(min=2, max=3, cpu_percent=70),
    ),
    Component(
        name="model-registry",
        tier=Tier.CORE,
        type="microservice",
        namespace=Namespace.SERVICES,
        image="model-registry",
        ports=(http("model-registry", 8004),),
        needs=(Dependency("postgres", "postgres"), Dependency("minio", "api")),
        talks_to=(TELEMETRY,),
        buckets=(BucketAccess(bucket="model-artifacts", write=True, variable="S3_BUCKET"),),
        labels=env(component="storage"),
        replicas=2,
        resources=Resources(cpu="250m", memory="256Mi", cpu_limit="500m", memory_limit="512Mi"),
        probes=service_probes(),
        # Artifacts; the service's own constant is ARTIFACT_BYTES.
        route=Route(path=f"{API_PREFIX}/models", strip=API_PREFIX, body_limit=512 * MIB),
        metrics="http",
        schema=Schema(name="registry", migrations="services/model-registry/migrations"),
        # All but artifacts is in the database.
        ready_without=("minio",),
        # Each has up to 8 connections, as has each of training-orchestrator: CloudNativePG has 97 for both.
        autoscale=Autoscale(min=2, max=4, cpu_percent=70),
    ),
)

PROCESSING = (
    Component(
        name="query-parser",
        tier=Tier.PROCESSING,
        type="microservice",
        namespace=Namespace.SERVICES,
        image="query-parser",
        ports=(http("query-parser", 8002),),
        needs=(Dependency("kafka", "kafka"),),
        talks_to=(TELEMETRY,),
        produces=env(RESULT_TOPIC="query_results"),
        consumes=env(QUERY_TOPIC="queries"),
        labels=env(component="nlp"),
        replicas=2,
        resources=Resources(cpu="250m", memory="512Mi", cpu_limit="500m", memory_limit="1Gi"),
        probes=service_probes(),
        route=Route(path=f"{API_PREFIX}/parse", strip=API_PREFIX),
        metrics="http",
        # Questions that come over HTTP need nobody.
        ready_without=("kafka",),
        # Never one alone; its topic has three partitions.
        autoscale=Autoscale(min=2, max=3, cpu_percent=70),
    ),
    Component(
        name="ml-engine",
        tier=Tier.PROCESSING,
        type="microservice",
        namespace=Namespace.SERVICES,
        image="ml-engine",
        ports=(http("ml-engine", 8003),),
        needs=(Dependency("kafka", "kafka"), Dependency("model-registry", "http"), Dependency("minio", "api")),
        talks_to=(TELEMETRY,),
        produces=env(EVENTS_TOPIC="training_events", PREDICTION_TOPIC="predictions"),
        consumes=env(TRAINING_TOPIC="training_jobs"),
        # Data sets; models go through model-registry.
        buckets=(BucketAccess(bucket="datasets"), BucketAccess(bucket="test")),
        labels=env(component="ml"),
        resources=Resources(cpu="500m", memory="1Gi", cpu_limit="1000m", memory_limit="2Gi"),
        probes=service_probes(live=(45, 15), ready=(15, 10)),
        route=Route(path=f"{API_PREFIX}/ml", strip=API_PREFIX),
        metrics="http",
        # A training run that is under way gets time to hand its job back.
        grace_period=60,
        # Models that are loaded predict without it.
        ready_without=("minio",),
        # Its topic has three partitions. A training run takes twice the CPU that is requested, for as long as it lasts.
        autoscale=Autoscale(min=1, max=3, cpu_percent=80),
    ),
)

EDGE = (
    Component(
        name="test-service",
        tier=Tier.EDGE,
        type="microservice",
        namespace=Namespace.SERVICES,
        image="test-service",
        ports=(http("test-service", 8001),),
        needs=(
            Dependency("training-orchestrator", "http"),
            Dependency("query-parser", "http"),
            Dependency("ml-engine", "http"),
            Dependency("model-registry", "http"),
        ),
        talks_to=(TELEMETRY,),
        labels=env(component="testing"),
        resources=Resources(cpu="100m", memory="128Mi", cpu_limit="200m", memory_limit="256Mi"),
        probes=service_probes(liveness="/", live=(15, 10), ready=(5, 5)),
        route=Route(path="/test", strip="/test", also=("/ask", "/runs")),
        metrics="http",
        # Its page is there to show what is down.
        ready_without=("training-orchestrator", "query-parser", "ml-engine", "model-registry"),
    ),
    Component(name="ingress", tier=Tier.EDGE, type="ingress", namespace=Namespace.SERVICES, image=None),
)

MONITORING = (
    Component(
        name="prometheus",
        tier=Tier.MONITORING,
        type="prometheus",
        namespace=Namespace.MONITORING,
        image="prometheus",
        uid=65534,
        ports=(Port(name="prometheus", number=9090, env=env(PROMETHEUS_URL="http://{host}:{port}")),),
        needs=API,
        resources=Resources(cpu="250m", memory="512Mi", cpu_limit="500m", memory_limit="1Gi"),
        probes=tool_probes("prometheus", live="/-/healthy", ready="/-/ready"),
        access=tuple(
            Access(namespace=namespace, resources=("pods",), verbs=("get", "list", "watch"))
            for namespace in (Namespace.SERVICES, Namespace.SYSTEM)
        ),
    ),
    Component(
        name="grafana",
        tier=Tier.MONITORING,
        type="grafana",
        namespace=Namespace.MONITORING,
        image="grafana",
        uid=472,
        ports=(Port(name="http", number=3000),),
        talks_to=(Dependency("prometheus", "prometheus"), Dependency("jaeger", "query")),
        settings=env(
            GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES="false",
            GF_ANALYTICS_CHECK_FOR_UPDATES="false",
            GF_ANALYTICS_REPORTING_ENABLED="false",
            GF_PLUGINS_PREINSTALL_DISABLED="true",
        ),
        generated_secrets=env(GF_SECURITY_ADMIN_USER="user", GF_SECURITY_ADMIN_PASSWORD="password"),
        resources=Resources(cpu="100m", memory="128Mi", cpu_limit="200m", memory_limit="256Mi"),
        # The second one looks at the database, too.
        probes=tool_probes("http", live="/healthz", ready="/api/health"),
    ),
    Component(
        name="jaeger",
        tier=Tier.MONITORING,
        type="jaeger",
        namespace=Namespace.MONITORING,
        image="jaeger",
        ports=(
            Port(name="otlp-grpc", number=4317),
            Port(name="otlp-http", number=4318, env=env(OTEL_EXPORTER_OTLP_ENDPOINT="http://{host}:{port}")),
            Port(name="query", number=16686, env=env(JAEGER_URL="http://{host}:{port}")),
            Port(name="health", number=13133),
        ),
        resources=Resources(cpu="100m", memory="128Mi", cpu_limit="200m", memory_limit="512Mi"),
        probes=tool_probes("health", live="/status", ready="/api/services", ready_port="query"),
    ),
)

TESTING = (
    Component(
        name="integration-tests",
        tier=Tier.TESTING,
        type="integration-tests",
        namespace=Namespace.TESTING,
        image="integration-tests",
        needs=(Dependency("kafka", "kafka"),),
        resources=Resources(cpu="250m", memory="256Mi", cpu_limit="500m", memory_limit="512Mi"),
    ),
    Component(
        name="locust-master",
        tier=Tier.TESTING,
        type="locust-master",
        namespace=Namespace.TESTING,
        image="locust",
        uid=1000,
        ports=(
            Port(name="web", number=8089),
            Port(
                name="master",
                number=5557,
                env=env(LOCUST_MASTER_NODE_HOST="{host}", LOCUST_MASTER_NODE_PORT="{port}"),
            ),
        ),
        talks_to=(Dependency("ingress-controller", "http"),),
        resources=Resources(cpu="250m", memory="256Mi", cpu_limit="500m", memory_limit="512Mi"),
        probes=tool_probes("web", live="/", ready="/stats/requests"),
    ),
    Component(
        name="locust-worker",
        tier=Tier.TESTING,
        type="locust-worker",
        namespace=Namespace.TESTING,
        image="locust",
        uid=1000,
        talks_to=(Dependency("locust-master", "master"), Dependency("ingress-controller", "http")),
        resources=Resources(cpu="100m", memory="128Mi", cpu_limit="500m", memory_limit="256Mi"),
    ),
    Component(
        name="chaos",
        tier=Tier.TESTING,
        type="chaos",
        namespace=Namespace.TESTING,
        image="chaoskube",
        needs=API,
        resources=Resources(cpu="10m", memory="32Mi", cpu_limit="50m", memory_limit="64Mi"),
        access=tuple(
            access
            for namespace in (Namespace.SERVICES, Namespace.SYSTEM)
            for access in (
                Access(namespace=namespace, resources=("pods",), verbs=("list", "delete")),
                Access(namespace=namespace, resources=("events",), verbs=("create",)),
            )
        ),
    ),
)

CATALOGUE = Catalogue(
    name="chatdb",
    title="ChatDB",
    root=Path(__file__).resolve().parents[1],
    waves=WAVES,
    optional_tiers=OPTIONAL_TIERS,
    namespaces=tuple(Namespace),
    components=(*PLATFORM, *FOUNDATION, *SETUP, *CORE, *PROCESSING, *EDGE, *MONITORING, *TESTING),
    externals=EXTERNALS,
    gateway_controller=GATEWAY_CONTROLLER,
    images=IMAGES,
    topics=TOPICS,
    buckets=BUCKETS,
    host=HOST,
    main_prefix=API_PREFIX,
    machines=MACHINES,
    node_overhead=NODE_OVERHEAD,
    dashboards=(JOBS,),
    waivers=WAIVERS,
    traits=TRAITS,
)
