"""Whether the services accept the settings that the chart renders, with all files where pods have them.

Usage: settings.py BINARY CERTIFICATE KEY FOLDER FILE...

What a pod mounts is laid out below FOLDER, with the content that the chart gives it, or with something of the
right kind where an object must exist before. The settings' paths are moved there, and the binary reads them.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from rendered import COMPONENT, Rendered, title

OURS = re.compile(r'"(/(?:etc|run|run/secrets|var/lib)/przesiadka/)')
SETTINGS = "etc/przesiadka/config/przesiadka.toml"
# Named by the database's url, which is in a Secret; and the file with the settings itself.
NOT_IN_SETTINGS = {"ca-database", "config"}


def lay_out(chart, pod, root, stand_in):
    """Makes the mounts of a pod below `root`; says what is wrong with them."""
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for mount in pod["containers"][0]["volumeMounts"]:
        volume, folder = volumes[mount["name"]], root / mount["mountPath"].lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        source = volume.get("secret") or volume.get("configMap")
        if source is None:
            continue
        made = chart.named("ConfigMap", source["name"]) if "configMap" in volume else None
        for item in source["items"]:
            file = folder / item["path"]
            file.parent.mkdir(parents=True, exist_ok=True)
            if made is not None and item["key"] not in made["data"]:
                yield f"mounts {item['key']} of {source['name']}, which has none"
            file.write_text(made["data"].get(item["key"], "") if made else stand_in(file.name), encoding="utf-8")


def paths_in(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from paths_in(inner)
    elif isinstance(value, str) and value.startswith("/"):
        yield value


def run(binary, arguments, variables):
    done = subprocess.run([binary, *arguments], env=variables, capture_output=True, text=True, timeout=60, check=False)
    return None if done.returncode == 0 else f"{' '.join(arguments[-4:])}: {done.stderr.strip()}"


def mounts_and_settings(pod, root, file):
    """What the two have of each other, once the settings' paths are moved below `root`."""
    moved = OURS.sub(rf'"{root}\1', file.read_text(encoding="utf-8"))
    file.write_text(moved, encoding="utf-8")
    settings = tomllib.loads(moved)
    if "data_dir" in settings:
        # The one place to write, which the program makes.
        if not Path(settings["data_dir"]).parent.exists():
            yield f"data_dir {settings['data_dir']} is on no mount"
        Path(settings["data_dir"]).mkdir()
    named = set(paths_in(settings))
    yield from (f"the settings name {path}, which no mount brings" for path in sorted(named) if not Path(path).exists())
    # A folder of ours may be named from above, as the catalogue's is.
    for mount in pod["containers"][0]["volumeMounts"]:
        place = str(root) + mount["mountPath"]
        used = any(path.startswith(place) or place.startswith(path) or "file://" + place in moved for path in named)
        if mount["name"] not in NOT_IN_SETTINGS and not used:
            yield f"mounts {mount['mountPath']}, which the settings do not name"


def of_service(chart, deployment, root, binary, stand_in):
    pod, service = deployment["spec"]["template"]["spec"], deployment["metadata"]["labels"][COMPONENT]
    yield from lay_out(chart, pod, root, stand_in)
    file = root / SETTINGS
    yield from mounts_and_settings(pod, root, file)
    yield run(binary, ["--config", str(file), "config", "check", "--only", service], {})


def of_job(chart, job, root, binary, stand_in):
    pod = job["spec"]["template"]["spec"]
    yield from lay_out(chart, pod, root, stand_in)
    if (root / SETTINGS).exists():
        yield from mounts_and_settings(pod, root, root / SETTINGS)
    variables = {v["name"]: OURS.sub(rf"{root}\1", f'"{v["value"]}').lstrip('"') for v in pod["containers"][0]["env"]}
    yield run(binary, ["config", "print"], variables)


def main(binary, certificate, key, folder, *files):
    pem = {"tls.crt": certificate, "ca.crt": certificate, "tls.key": key}
    texts = {"url": "postgres://somebody:something@database.example/of_a_service"}

    def stand_in(name):
        return Path(pem[name]).read_text(encoding="utf-8") if name in pem else texts.get(name, "something")

    wrong = []
    for file in files:
        chart = Rendered(file)
        for kind, check in (("Deployment", of_service), ("Job", of_job)):
            for o in chart.of(kind):
                root = Path(folder) / "pod"
                shutil.rmtree(root, ignore_errors=True)
                wrong += [f"{Path(file).name}: {title(o)}: {what}" for what in check(chart, o, root, binary, stand_in) if what]
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


sys.exit(main(*sys.argv[1:]))
