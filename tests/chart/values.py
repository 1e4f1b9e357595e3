"""Whether `config` of the chart's values takes every setting that is not the chart's own.

Usage: values.py SCHEMA SETTINGS.md
"""

import json
import re
import sys
from pathlib import Path

# What follows from the cluster and from Secrets, and what is for development alone.
OF_THE_CHART = re.compile(
    r"data_dir|clock\..*|(rest|grpc|ops)\..*|database\.(kind|schema_at_start|.*\.url)|bus\.(kind|user|password|tls\..*)"
    r"|auth\.development|catalogue\.dir|files\.secret_access_key|telemetry\.(format|otlp_ca_file)"
    r"|notification\.(templates|webhooks\.ca_file|channel\.(folder|smtp\.(ca_file|password)))")


def taken(prefix, properties):
    for name, schema in properties.items():
        if "properties" in schema:
            yield from taken(f"{prefix}{name}.", schema["properties"])
        else:
            yield prefix + name


def main(schema, settings):
    config = json.loads(Path(schema).read_text(encoding="utf-8"))["properties"]["config"]["properties"]
    named = re.findall(r"^\| `([a-z_.]+)`", Path(settings).read_text(encoding="utf-8"), re.M)
    missing = {key for key in named if not OF_THE_CHART.fullmatch(key)} - set(taken("", config))
    for key in sorted(missing):
        print(f"config has no {key}", file=sys.stderr)
    return 1 if missing or len(named) < 50 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
