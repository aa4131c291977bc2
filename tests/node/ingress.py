"""ingress-nginx's controller from its Go module, on Debian's nginx: as minikube's addon runs it."""

import re
from typing import Any

import yaml

from constructs_lib.image_reference import parse_image
from tests.e2e.api import Manifest
from tests.node.namespaces import ADDRESS
from tests.repository import ROOT

BUILT = ROOT / ".tools/node/ingress"
NAMESPACE, NAME = "ingress-nginx", "ingress-nginx-controller"
PACKAGES = (
    "libnginx-mod-http-headers-more-filter", "libnginx-mod-http-lua", "libnginx-mod-stream", "lua-cjson",
    "lua-resty-core", "lua-resty-lrucache", "nginx", "procps", "tini",
)  # fmt: skip
MODULES = ("ndk_http", "ngx_http_lua", "ngx_http_headers_more_filter", "ngx_stream")
"""Upstream compiles them into nginx."""
UNUSED = ("chash", "cookie", "dns/resolver", "global_throttle", "http", "ipmatcher", "lock")
"""Libraries for Lua that Debian does not have, of features that nothing here asks for."""
STREAM = """
stream {
    # Told of the TCP services of the cluster, of which there are none.
    server {
        listen 127.0.0.1:{{ .StreamPort }};
        return "";
    }
}
"""
WEBHOOK = ("Job", "ValidatingWebhookConfiguration")
SETTINGS = ("--validating-webhook", "--publish-status-address", "--watch-ingress-without-class")


def template() -> str:
    """The controller's template of nginx.conf, with modules that are loaded, and for no TCP and UDP services."""
    text = (BUILT / "etc/nginx/template/nginx.tmpl").read_text(encoding="utf-8")
    loaded = "".join(f"load_module /usr/lib/nginx/modules/{name}_module.so;\n" for name in MODULES)
    text, stream = re.subn(r"^stream \{$.*?^\}$", STREAM, text, count=1, flags=re.MULTILINE | re.DOTALL)
    text, daemon = re.subn(r"^daemon off;$", loaded + r"\g<0>", text, count=1, flags=re.MULTILINE)
    assert (stream, daemon) == (1, 1), "the template of ingress-nginx has another form: compare it with this function"
    return text


def manifests() -> list[Manifest]:
    """Upstream's manifests for a node whose ports 80 and 443 are the controller's, without its admission webhook."""
    text = (BUILT / "etc/deploy.yaml").read_text(encoding="utf-8")
    some = [one for one in yaml.safe_load_all(text) if one["kind"] not in WEBHOOK]
    wanted = [one for one in some if "admission" not in one["metadata"]["name"]]
    for one in wanted:
        if one["kind"] == "Deployment":
            _fit(one["spec"]["template"]["spec"])
    return wanted


def image() -> str:
    """The controller's, as its manifests name it."""
    (deployment,) = (one for one in manifests() if one["kind"] == "Deployment")
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])


def _fit(pod: dict[str, Any]) -> None:
    """No webhook, the node's address for Ingresses, and an image that has no digest as it is made here."""
    del pod["nodeSelector"], pod["volumes"]
    (container,) = pod["containers"]
    del container["volumeMounts"]
    parsed = parse_image(container["image"])
    container["image"] = f"{parsed.repository}:{parsed.tag}"
    kept = [word for word in container["args"] if not word.startswith(SETTINGS)]
    container["args"] = [*kept, f"--publish-status-address={ADDRESS}"]
    container["env"] = [one for one in container["env"] if one["name"] != "LD_PRELOAD"]
    container["ports"] = [one for one in container["ports"] if one["name"] != "webhook"]
