# Sourced by ./aviary and ./mvnw: finds or fetches what a build needs, once, into the cache folder.
# Every function leaves its answer in a variable, or stops with one sentence and the way out.

AVIARY_CACHE=${AVIARY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/aviary}
MAVEN_VERSION=3.9.11
MAVEN_SHA512=03e2d65d4483a3396980629f260e25cac0d8b6f7f2791e4dc20bc83f9514db8d0f05b0479e699a5f34679250c49c8e52e961262ded468a20de0be254d8207076

say() { printf '%s\n' "$*" >&2; }

stop() {
    say "aviary: $*"
    exit 1
}

# Sets JAVA_HOME to a JDK 25 or newer: the one set already, the default one, or one from the usual folders.
jdk25() {
    local candidate
    for candidate in "${JAVA_HOME:-}" "${JAVA_HOME_25_X64:-}" "$(java_home_of_path)" \
        /usr/lib/jvm/* "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* /opt/*jdk* \
        /Library/Java/JavaVirtualMachines/*/Contents/Home; do
        if [ -x "$candidate/bin/javac" ] && [ "$(java_major "$candidate")" -ge 25 ]; then
            export JAVA_HOME=$candidate
            return
        fi
    done
    stop "no JDK 25 was found. Install one (for example Temurin 25) or set JAVA_HOME to its folder."
}

java_home_of_path() {
    local java
    java=$(command -v javac) && dirname "$(dirname "$(readlink -f "$java")")"
}

java_major() {
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null | grep . || echo 0
}

# Sets MAVEN_HOME.
maven() {
    export MAVEN_HOME=$AVIARY_CACHE/apache-maven-$MAVEN_VERSION
    [ -x "$MAVEN_HOME/bin/mvn" ] && return
    command -v python3 >/dev/null || stop "Maven is not here yet, and fetching it needs Python 3: install python3."
    say "fetching Maven $MAVEN_VERSION (9 MB, once) ..."
    local work
    work=$(mktemp -d)
    mkdir -p "$AVIARY_CACHE"
    python3 -m venv "$work/venv" >&2 && "$work/venv/bin/pip" -q --disable-pip-version-check install maven-artifact==0.3.5 >&2 \
        || stop "the Python package maven-artifact could not be installed: is the package index reachable, and python3-venv installed?"
    "$work/venv/bin/maven-artifact" ${MVNW_REPOURL:+-m "$MVNW_REPOURL"} \
        "org.apache.maven:apache-maven:zip:bin:$MAVEN_VERSION" "$work/maven.zip" >&2 \
        || stop "Maven could not be fetched: is the Maven repository reachable? MVNW_REPOURL names another one."
    [ "$(python3 -c 'import hashlib,sys; print(hashlib.sha512(open(sys.argv[1],"rb").read()).hexdigest())' "$work/maven.zip")" = "$MAVEN_SHA512" ] \
        || stop "what was fetched as Maven $MAVEN_VERSION has another sha512 than published; nothing was installed."
    python3 -m zipfile -e "$work/maven.zip" "$work/unpacked"
    chmod +x "$work/unpacked/apache-maven-$MAVEN_VERSION/bin/"*
    mv "$work/unpacked/apache-maven-$MAVEN_VERSION" "$MAVEN_HOME" 2>/dev/null || [ -x "$MAVEN_HOME/bin/mvn" ] # another run was first
    rm -rf "$work"
}

# Stops unless Go 1.25 or newer is on the PATH, or in the usual folder; then it is on the PATH.
go_toolchain() {
    command -v go >/dev/null || PATH=$PATH:/usr/local/go/bin:$HOME/go/bin
    command -v go >/dev/null || stop "the playground is built with Go and no go was found. Install Go 1.25 or newer and put it on the PATH."
    local version
    version=$(cd / && go env GOVERSION)
    [ "$(printf 'go1.25\n%s\n' "${version%% *}" | sort -V | head -n 1)" = go1.25 ] \
        || stop "the playground needs Go 1.25 or newer, and the go on the PATH is $version. Install a newer one."
}
