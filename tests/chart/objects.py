"""What holds for the rendered objects together. Usage: objects.py PROTO_FOLDER FILE..."""

import re
import sys
from pathlib import Path

from rendered import COMPONENT, SERVICES, Rendered, hook_weight, title
from restricted import violations

SECRETS = [
    r"(?m)^[\w.]*(password|secret_access_key) *=",
    r"(?m)^database\.\w+\.url *=",
    r"://[^/\s\"]*@",
    r"PRIVATE KEY",
]
ENVIRONMENT = re.compile(r"PRZESIADKA_CONFIG|PRZESIADKA__DATABASE__(KIND|[A-Z]+__URL_FILE)")


def each_kind_once(chart):
    kinds = ["Deployment", "Service", "ServiceAccount", "PodDisruptionBudget", "NetworkPolicy"]
    kinds += [kind for kind in ("HorizontalPodAutoscaler", "ServiceMonitor") if chart.of(kind)]
    for service in SERVICES:
        for kind in kinds:
            found = len(chart.of_service(kind, service))
            if found != 1:
                yield f"{service} has {found} objects of the kind {kind}"
        if len(chart.of_service("Job", f"schema-{service}")) != 1:
            yield f"{service} has not one schema job"
        settings = [o for o in chart.of_service("ConfigMap", service) if "przesiadka.toml" in o["data"]]
        if len(settings) != 1:
            yield f"{service} has {len(settings)} ConfigMaps with settings"
    names = [(o["kind"], o["metadata"]["name"]) for o in chart.objects]
    yield from (f"{kind} {name} is there twice" for kind, name in sorted({n for n in names if names.count(n) > 1}))
    yield from (f"{title(o)}: the name is too long" for o in chart.objects if len(o["metadata"]["name"]) > 63)


def selectors_meet_their_own_pods(chart):
    pods = {name: set(template["metadata"]["labels"].items()) for name, template in chart.pods()}
    for o in chart.objects:
        spec = o.get("spec", {})
        selector = {
            "Service": spec.get("selector"),
            "Deployment": spec.get("selector", {}).get("matchLabels"),
            "NetworkPolicy": spec.get("podSelector", {}).get("matchLabels"),
            "PodDisruptionBudget": spec.get("selector", {}).get("matchLabels"),
        }.get(o["kind"])
        if selector is None:
            continue
        met = [name for name, labels in pods.items() if set(selector.items()) <= labels]
        if len(met) != 1 or selector[COMPONENT] != o["metadata"]["labels"][COMPONENT]:
            yield f"{title(o)} selects {met}"


def ops_stays_inside(chart, contract):
    rest = {f"/{service}/": service for service in SERVICES}
    rest |= {"/docs": "scheduling", "/openapi.json": "scheduling"}
    rest |= {f"/notification/v1/{links}/": "notification" for links in ("calendars", "unsubscribe")}
    wanted = {path: (service, "rest") for path, service in rest.items()}
    wanted |= {path: (service, "grpc") for path, service in contract.items()}
    found = {}
    for ingress in chart.of("Ingress"):
        for path in ingress["spec"]["rules"][0]["http"]["paths"]:
            backend = path["backend"]["service"]
            service, port = chart.named("Service", backend["name"]), backend["port"]["name"]
            if service is None or port not in {p["name"] for p in service["spec"]["ports"]}:
                yield f"{title(ingress)}: {path['path']} leads to {backend}, which is not there"
            else:
                found[path["path"]] = (service["metadata"]["labels"][COMPONENT], port)
    if found:
        yield from (f"Ingress: {path} leads to {to}, not to {wanted.get(path)}"
                    for path, to in found.items() if wanted.get(path) != to)
        yield from (f"Ingress: {path} is missing" for path in wanted.keys() - found.keys())
    for service in chart.of("Service"):
        if service["spec"]["type"] != "ClusterIP":
            yield f"{title(service)} is a {service['spec']['type']}"


def only_to_neighbours(chart):
    for policy in chart.of("NetworkPolicy"):
        component, spec = policy["metadata"]["labels"][COMPONENT], policy["spec"]
        if spec["policyTypes"] != ["Ingress", "Egress"]:
            yield f"{title(policy)} closes only {spec['policyTypes']}"
        for rule in spec.get("ingress", []):
            if not rule.get("from") or component not in SERVICES:
                yield f"{title(policy)} lets in {rule.get('from', 'everybody')}"
        out = {port["port"] for rule in spec["egress"] for port in rule.get("ports", [{"port": "everywhere"}])}
        needed = {53, 4222} if component == "stream" else {53, 5432}
        allowed = {53, 5432, 4222, 443, 4317} if component in SERVICES else needed
        allowed |= {465, 587} if component == "notification" else set()
        if not needed <= out <= allowed:
            yield f"{title(policy)} lets out to {out}"


def no_secrets(chart):
    for o in chart.of("ConfigMap"):
        for file, text in o["data"].items():
            for pattern in SECRETS:
                if re.search(pattern, text):
                    yield f"{title(o)}, {file}: something like {pattern}"
    yield from (f"{title(o)}: the chart makes no Secret" for o in chart.of("Secret"))
    for name, template in chart.pods():
        for container in template["spec"]["containers"]:
            for variable in container.get("env", []):
                if not ENVIRONMENT.fullmatch(variable["name"]) or "value" not in variable:
                    yield f"{name}: the variable {variable['name']}"


def hooks_bring_what_they_need(chart):
    """They run before the release's other objects are there."""
    ours = {(o["kind"], o["metadata"]["name"]): hook_weight(o) for o in chart.objects}
    for job in chart.of("Job"):
        spec = job["spec"]["template"]["spec"]
        needed = [("ServiceAccount", spec["serviceAccountName"])]
        needed += [("ConfigMap", v["configMap"]["name"]) for v in spec["volumes"] if "configMap" in v]
        policies = [o for o in chart.of("NetworkPolicy") if o["spec"]["podSelector"]["matchLabels"][COMPONENT]
                    == job["metadata"]["labels"][COMPONENT]]
        needed += [("NetworkPolicy", o["metadata"]["name"]) for o in policies]
        if not policies:
            yield f"{title(job)} has no network policy"
        for one in needed:
            weight = ours.get(one, -100)  # what exists before is there
            if weight is None or weight >= hook_weight(job):
                yield f"{title(job)} needs {' '.join(one)}, which comes later"


def runs_as_it_should(chart):
    for job in chart.of("Job"):
        component = job["metadata"]["labels"][COMPONENT]
        wanted = ["stream", "up"] if component == "stream" else ["schema", "up", "--only", component.removeprefix("schema-")]
        container = job["spec"]["template"]["spec"]["containers"][0]
        if container["args"] != wanted:
            yield f"{title(job)} is started as {container['args']}"
    for deployment in chart.of("Deployment"):
        name, spec = title(deployment), deployment["spec"]["template"]["spec"]
        service = deployment["metadata"]["labels"][COMPONENT]
        container = spec["containers"][0]
        if container["args"] != ["serve", "--only", service]:
            yield f"{name} is started as {container['args']}"
        if bool(chart.of_service("HorizontalPodAutoscaler", service)) == ("replicas" in deployment["spec"]):
            yield f"{name}: replicas and autoscaling, or neither"
        secure = any(m["mountPath"].endswith("/tls/ops") for m in container["volumeMounts"])
        for probe, path in (("startup", "/live"), ("liveness", "/live"), ("readiness", "/ready")):
            get = container[f"{probe}Probe"]["httpGet"]
            if get != {"path": path, "port": "ops", "scheme": "HTTPS" if secure else "HTTP"}:
                yield f"{name}: the {probe} probe asks {get}"
        text = chart.named("ConfigMap", deployment["metadata"]["name"])["data"]["przesiadka.toml"]
        stop = sum(int(n) for n in re.findall(r"(?m)^shutdown\.\w+_ms = (\d+)$", text)) / 1000
        if not stop or spec["terminationGracePeriodSeconds"] < stop + 5:
            yield f"{name} is killed before it has stopped"
    for monitor in chart.of("ServiceMonitor"):
        service = chart.named("Service", monitor["metadata"]["name"])
        endpoint = monitor["spec"]["endpoints"][0]
        if endpoint["port"] not in {p["name"] for p in service["spec"]["ports"]} or not endpoint["honorLabels"]:
            yield f"{title(monitor)}: {endpoint}"
    for rule in chart.of("PrometheusRule"):
        for group in rule["spec"]["groups"]:
            yield from (f"{title(rule)}: {r} has no expr" for r in group["rules"] if not r.get("expr"))


def contract_of(folder):
    """Path of each gRPC service that callers outside may reach, and who answers it."""
    paths = {f"/grpc.reflection.{version}.ServerReflection/": "scheduling" for version in ("v1", "v1alpha")}
    for file in Path(folder).rglob("*.proto"):
        text = file.read_text(encoding="utf-8")
        package = re.search(r"(?m)^package ([\w.]+);", text)
        for service in re.findall(r"(?m)^service (\w+) ", text):
            paths[f"/{package[1]}.{service}/"] = package[1].split(".")[1]
    # Every process answers for its own services, so one path could not lead to all of them: operators go to the pod.
    del paths["/przesiadka.operations.v1.OperationsService/"]
    return paths


def main(proto, *files):
    contract, wrong = contract_of(proto), []
    for file in files:
        chart = Rendered(file)
        found = [f"{name}: {v}" for name, template in chart.pods() for v in violations(template["spec"])]
        found += ops_stays_inside(chart, contract)
        for check in (each_kind_once, selectors_meet_their_own_pods, no_secrets, only_to_neighbours, hooks_bring_what_they_need,
                      runs_as_it_should):
            found += check(chart)
        wrong += [f"{Path(file).name}: {what}" for what in found]
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


sys.exit(main(*sys.argv[1:]))
