#!/usr/bin/env bash
# Writes the chart, rendered with the demo's values, to standard output: render.sh HELM > sms-checker.yaml
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
echo "# Rendered from ../chart by render.sh; a test compares the two. \${NAME} is to be filled in."
"${1:?render.sh needs the helm binary}" template sms-checker "$here/../chart" --namespace shop --values "$here/values.yaml"
