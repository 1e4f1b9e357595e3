"""The pod security profile `restricted`, and what this chart holds itself to besides.

https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def violations(pod):
    """Takes a pod's spec; says what is wrong."""
    context = pod.get("securityContext", {})
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(field):
            yield f"{field} is set"
    if context.get("sysctls"):
        yield "sysctls are set"
    for volume in pod.get("volumes", []):
        kinds = set(volume) - {"name"}
        if not kinds <= VOLUMES:
            yield f"volume {volume['name']} is a {', '.join(kinds - VOLUMES)}"
    if pod.get("automountServiceAccountToken") is not False:
        yield "a token of the ServiceAccount is mounted"
    for container in pod.get("initContainers", []) + pod["containers"]:
        for wrong in of_container(container, context):
            yield f"container {container['name']}: {wrong}"


def of_container(container, pod):
    own = container.get("securityContext", {})
    both = {**pod, **own}
    if own.get("privileged"):
        yield "privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"
    if both.get("runAsNonRoot") is not True:
        yield "runAsNonRoot is not true"
    if not both.get("runAsUser"):
        yield "runAsUser is not given, or root"
    if both.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "seccompProfile is neither RuntimeDefault nor Localhost"
    capabilities = own.get("capabilities", {})
    if capabilities.get("drop") != ["ALL"] or capabilities.get("add"):
        yield "capabilities are not dropped, or some are added"
    if own.get("procMount", "Default") != "Default":
        yield "procMount is set"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "readOnlyRootFilesystem is not true"
    if any("hostPort" in port for port in container.get("ports", [])):
        yield "has a hostPort"
