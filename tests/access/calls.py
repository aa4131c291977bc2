"""Every call of S3 that a service or an attacker could make, and the actions of a policy that allow it."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.access.store import Answer, Keys, Store

KEY, COPY, TEXT = "kept/data.csv", "made/data.csv", "a,b\n1,2\n"
LIST, GET, PUT, DROP = "s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"
UPLOADS, ABORT = "s3:ListBucketMultipartUploads", "s3:AbortMultipartUpload"
NOBODY = "nobody"
"""An action that no policy of the catalogue has."""
UPLOAD_ID = re.compile(r"<UploadId>([^<]+)</UploadId>")
FIRST_REFUSAL, DENIED, UNKNOWN = 300, 403, 501


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `{bucket}`, `{source}`, `{upload}` and `{tag}` in it are filled in, and its headers are signed.

    `actions` are on the bucket and its objects, all of which it takes; a call with a source reads an object there, too.
    """

    name: str
    method: str
    target: str
    actions: tuple[str, ...] = (NOBODY,)
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def copies(self) -> bool:
        """Whether it has a source."""
        return any("{source}" in value for value in self.headers.values())


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket with an object and an upload that is not finished; `source` is a bucket to copy from."""

    bucket: str
    source: str
    upload: str
    tag: str


OBJECT, MADE = f"/{{bucket}}/{KEY}", f"/{{bucket}}/{COPY}"
PART = f"/{{bucket}}/{COPY}?partNumber=1&uploadId={{upload}}"
OF_UPLOAD = f"/{{bucket}}/{COPY}?uploadId={{upload}}"
FROM = {"x-amz-copy-source": f"/{{source}}/{KEY}"}
PUBLIC = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":[%s]}]}'
RESOURCES = '"arn:aws:s3:::{bucket}","arn:aws:s3:::{bucket}/*"'
TAGS = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
RETENTION = "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2100-01-01T00:00:00Z</RetainUntilDate></Retention>"
ACCOUNT = "<Account><Access>intruder</Access><Secret>intruders-own</Secret><Role>admin</Role></Account>"
SETTINGS = {
    "accelerate": "<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>",
    "acl": "",
    "cors": "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule>"
    "</CORSConfiguration>",
    "encryption": "<ServerSideEncryptionConfiguration/>",
    "lifecycle": "<LifecycleConfiguration/>",
    "location": "",
    "logging": "<BucketLoggingStatus/>",
    "notification": "<NotificationConfiguration/>",
    "object-lock": "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>",
    "ownershipControls": "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule>"
    "</OwnershipControls>",
    "policy": PUBLIC % RESOURCES,
    "policyStatus": "",
    "publicAccessBlock": "<PublicAccessBlockConfiguration/>",
    "replication": "<ReplicationConfiguration/>",
    "requestPayment": "<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>",
    "tagging": TAGS,
    "versioning": "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    "website": "<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument></WebsiteConfiguration>",
}
"""What a bucket can be set to, and a document of it."""
OF_BUCKETS = (
    Call("HeadBucket", "HEAD", "/{bucket}", (LIST,)),
    Call("ListObjects", "GET", "/{bucket}", (LIST,)),
    Call("ListObjectsV2", "GET", "/{bucket}?list-type=2", (LIST,)),
    Call("ListObjectsV2 of a prefix", "GET", "/{bucket}?list-type=2&prefix=kept%2F", (LIST,)),
    Call("ListMultipartUploads", "GET", "/{bucket}?uploads", (UPLOADS,)),
    Call("ListObjectVersions", "GET", "/{bucket}?versions"),
    Call("CreateBucket of one that is there", "PUT", "/{bucket}"),
    Call("DeleteBucket", "DELETE", "/{bucket}"),
    *(Call(f"get {name}", "GET", f"/{{bucket}}?{name}") for name in SETTINGS),
    *(Call(f"put {name}", "PUT", f"/{{bucket}}?{name}", body=body) for name, body in SETTINGS.items()),
    *(Call(f"delete {name}", "DELETE", f"/{{bucket}}?{name}") for name in SETTINGS if name not in ("acl", "location")),
    Call("PutBucketAcl, canned", "PUT", "/{bucket}?acl", headers={"x-amz-acl": "public-read-write"}),
)
OF_OBJECTS = (
    Call("HeadObject", "HEAD", OBJECT, (GET,)),
    Call("GetObject", "GET", OBJECT, (GET,)),
    Call("GetObject of a range", "GET", OBJECT, (GET,), headers={"range": "bytes=0-2"}),
    Call("PutObject", "PUT", MADE, (PUT,), TEXT),
    Call("PutObject over one", "PUT", OBJECT, (PUT,), TEXT),
    Call("PutObject with tags", "PUT", MADE, (PUT, NOBODY), TEXT, {"x-amz-tagging": "a=b"}),
    Call("DeleteObject", "DELETE", OBJECT, (DROP,)),
    Call("DeleteObjects", "POST", "/{bucket}?delete", (DROP,), f"<Delete><Object><Key>{KEY}</Key></Object></Delete>"),
    Call("CreateMultipartUpload", "POST", f"{MADE}?uploads", (PUT,)),
    Call("UploadPart", "PUT", PART, (PUT,), TEXT),
    Call(
        "CompleteMultipartUpload",
        "POST",
        OF_UPLOAD,
        (PUT,),
        "<CompleteMultipartUpload><Part><ETag>{tag}</ETag><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
    ),
    Call("AbortMultipartUpload", "DELETE", OF_UPLOAD, (ABORT,)),
    Call("ListParts", "GET", OF_UPLOAD),
    Call("CopyObject", "PUT", MADE, (PUT,), headers=FROM),
    Call("UploadPartCopy", "PUT", PART, (PUT,), headers=FROM),
    Call("GetObject of a version", "GET", f"{OBJECT}?versionId=null"),
    Call("DeleteObject of a version", "DELETE", f"{OBJECT}?versionId=null"),
    Call("GetObjectAcl", "GET", f"{OBJECT}?acl"),
    Call("PutObjectAcl", "PUT", f"{OBJECT}?acl", headers={"x-amz-acl": "public-read"}),
    Call("GetObjectTagging", "GET", f"{OBJECT}?tagging"),
    Call("PutObjectTagging", "PUT", f"{OBJECT}?tagging", body=TAGS),
    Call("DeleteObjectTagging", "DELETE", f"{OBJECT}?tagging"),
    Call("GetObjectAttributes", "GET", f"{OBJECT}?attributes", headers={"x-amz-object-attributes": "ETag,ObjectSize"}),
    Call("GetObjectRetention", "GET", f"{OBJECT}?retention"),
    Call("PutObjectRetention", "PUT", f"{OBJECT}?retention", body=RETENTION),
    Call("GetObjectLegalHold", "GET", f"{OBJECT}?legal-hold"),
    Call("PutObjectLegalHold", "PUT", f"{OBJECT}?legal-hold", body="<LegalHold><Status>ON</Status></LegalHold>"),
    Call("RestoreObject", "POST", f"{OBJECT}?restore", body="<RestoreRequest><Days>1</Days></RestoreRequest>"),
)
OF_SERVER = (
    Call("CreateBucket", "PUT", "/new-bucket"),
    Call("create-user", "PATCH", "/create-user", body=ACCOUNT),
    Call("update-user", "PATCH", "/update-user?access=nobody", body="<MutableProps><Role>admin</Role></MutableProps>"),
    Call("delete-user", "PATCH", "/delete-user?access=nobody"),
    Call("list-users", "PATCH", "/list-users"),
    Call("list-buckets", "PATCH", "/list-buckets"),
    Call("change-bucket-owner", "PATCH", "/change-bucket-owner?bucket=another&owner=ml_engine"),
    Call("create a bucket for somebody", "PATCH", "/another/create", headers={"x-vgw-owner": "ml_engine"}),
)
CALLS = (*OF_BUCKETS, *OF_OBJECTS, *OF_SERVER)


class Places:
    """Buckets with what a call finds there; what a call has changed is made anew for the next one."""

    def __init__(self, store: Store) -> None:
        """The root makes them."""
        self._store = store
        self._made: dict[str, tuple[str, str]] = {}

    def __call__(self, bucket: str, source: str) -> Place:
        """The bucket, and another one to copy from."""
        for name in (bucket, source):
            if name not in self._made:
                self._made[name] = self._make(name)
        return Place(bucket, source, *self._made[bucket])

    def changed(self, bucket: str) -> None:
        """What is there is not as it was."""
        self._made.pop(bucket, None)

    def _make(self, bucket: str) -> tuple[str, str]:
        """The upload, and the tag of its only part."""
        store, text = self._store, TEXT.encode()
        assert store.ask(store.root, "PUT", f"/{bucket}/{KEY}", body=text).status < FIRST_REFUSAL
        (upload,) = UPLOAD_ID.findall(store.ask(store.root, "POST", f"/{bucket}/{COPY}?uploads").body)
        part = store.ask(store.root, "PUT", f"/{bucket}/{COPY}?partNumber=1&uploadId={upload}", body=text)
        return upload, part.headers["etag"]


def asked(store: Store, keys: Keys | None, call: Call, place: Place) -> Answer:
    """The answer to the call of whoever has these keys."""
    body = _filled(call.body, place).encode()
    headers = {name: _filled(value, place) for name, value in call.headers.items()}
    headers |= {"content-md5": base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()}
    return store.ask(keys, call.method, _filled(call.target, place), headers, body)


def _filled(text: str, place: Place) -> str:
    for name in ("bucket", "source", "upload", "tag"):
        text = text.replace(f"{{{name}}}", getattr(place, name))
    return text


def succeeded(answer: Answer) -> bool:
    """Whether the call had its effect; of several objects that are deleted each has an outcome of its own."""
    return answer.status < FIRST_REFUSAL and "<Error>" not in answer.body


def denied(answer: Answer) -> bool:
    """Whether it was refused for want of a right, or is a call that the server does not have."""
    of_an_object = answer.status < FIRST_REFUSAL and "<Code>AccessDenied</Code>" in answer.body
    return answer.status in (DENIED, UNKNOWN) or of_an_object


def answers(store: Store, keys: Keys | None, buckets: Sequence[str]) -> Iterator[tuple[Call, Place, Answer]]:
    """To each call with each bucket, and where it copies with each bucket to copy from."""
    places = Places(store)
    for call in CALLS:
        for bucket in buckets:
            for source in buckets if call.copies else [bucket]:
                place = places(bucket, source)
                answer = asked(store, keys, call, place)
                if succeeded(answer) and call.method not in ("GET", "HEAD"):
                    places.changed(bucket)
                yield call, place, answer
