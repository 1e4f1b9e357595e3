"""What `helm template` printed, as objects. Shared by the checks beside it."""

import yaml

SERVICES = ["scheduling", "audit", "licensing", "notification"]
COMPONENT = "app.kubernetes.io/component"


class Strict(yaml.SafeLoader):
    """Refuses a key that is given twice: Kubernetes takes the last one, whatever was meant."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.YAMLError(f"{node.start_mark}: twice: {', '.join(sorted(twice))}")
        return super().construct_mapping(node, deep)


class Rendered:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.objects = [o for o in yaml.load_all(file, Strict) if o]

    def of(self, kind):
        return [o for o in self.objects if o["kind"] == kind]

    def named(self, kind, name):
        return next((o for o in self.of(kind) if o["metadata"]["name"] == name), None)

    def of_service(self, kind, service):
        return [o for o in self.of(kind) if o["metadata"]["labels"][COMPONENT] == service]

    def pods(self):
        """Name and template of whatever makes pods."""
        for o in self.objects:
            if "template" in o.get("spec", {}):
                yield f"{o['kind']} {o['metadata']['name']}", o["spec"]["template"]


def hook_weight(o):
    """None for what is no hook."""
    annotations = o["metadata"].get("annotations", {})
    return int(annotations["helm.sh/hook-weight"]) if "helm.sh/hook" in annotations else None


def title(o):
    return f"{o['kind']} {o['metadata']['name']}"
