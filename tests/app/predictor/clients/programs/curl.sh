#!/usr/bin/env bash
# curl, all questions over one connection; what stands behind the job's file are options of curl.
set -euo pipefail
job=$1
shift
options=()
while IFS=$'\t' read -r url type how body answer; do
	[ ${#options[@]} = 0 ] || options+=(--next)
	options+=(--silent --show-error "$@" --header "content-type: $type" --output "$answer" --write-out '%{http_code}\n')
	if [ "$how" = streamed ]; then
		options+=(--header 'transfer-encoding: chunked')
	fi
	options+=(--data-binary "@$body" "$url")
done <"$job"
curl "${options[@]}"
