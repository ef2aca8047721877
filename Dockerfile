# One image a deployable: `predictor` serves a bundle, `training` makes one, `monitor` reports what was predicted. `make image` builds; docs/operate.md tells more.
# The base by digest; the newest is Dependabot's to propose. BASE_IMAGE= takes another Debian with python3 and venv.
ARG BASE_IMAGE=docker.io/library/python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

# hadolint ignore=DL3006
FROM ${BASE_IMAGE} AS uv
COPY .ci/uv.txt /tmp/uv.txt
# an intercepting proxy's certificates come as the secret `ca`, and stay out of every layer
RUN --mount=type=secret,id=ca \
    if [ -s /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi; \
    python3 -m venv /opt/uv && \
    /opt/uv/bin/pip install --quiet --no-cache-dir --disable-pip-version-check --require-hashes --requirement /tmp/uv.txt
ENV UV_PROJECT_ENVIRONMENT=/opt/venv UV_NO_CACHE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never \
    ORT_DISABLE_TELEMETRY=1
WORKDIR /srv
COPY pyproject.toml uv.lock ./

FROM uv AS predictor-environment
RUN --mount=type=secret,id=ca \
    if [ -s /run/secrets/ca ]; then export SSL_CERT_FILE=/run/secrets/ca; fi; \
    /opt/uv/bin/uv sync --quiet --locked --no-default-groups --group predictor && \
    find /opt/venv -type d -name tests -prune -exec rm -r {} + && \
    find /opt/venv -type f -name '*.pyi' -delete
COPY contract contract
COPY app/predictor app/predictor
COPY .ci/compile_imported.py /tmp/
# the root is read-only at run time: what a start imports is compiled here, by content and not by time of day
RUN chmod -R u=rwX,go=rX contract app && \
    /opt/venv/bin/python -I /tmp/compile_imported.py app.predictor.__main__ app.predictor.server.start app.predictor.application app.predictor.server.server

# hadolint ignore=DL3006
FROM ${BASE_IMAGE} AS predictor
COPY --from=predictor-environment /opt/venv /opt/venv
COPY --from=predictor-environment /srv/contract /srv/contract
COPY --from=predictor-environment /srv/app /srv/app
# ONNX Runtime would tell Microsoft of every start
ENV LATHE_BUNDLE=/srv/model/bundle LATHE_GATE_REPORT=/srv/model/report.json LATHE_HOST=0.0.0.0 \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ORT_DISABLE_TELEMETRY=1
WORKDIR /srv
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["/opt/venv/bin/python", "-c", "import os, urllib.request as ask; ask.urlopen(f'http://127.0.0.1:{os.environ.get(\"LATHE_METRICS_PORT\") or os.environ.get(\"LATHE_PORT\", \"8080\")}/readyz', timeout=4)"]
ENTRYPOINT ["/opt/venv/bin/python", "-m", "app.predictor"]
ARG VERSION=v0.0.0
ARG REVISION=unknown
ARG SOURCE=https://github.com/lathe-ml/lathe
ARG BUNDLE_DIGEST=unknown
LABEL org.opencontainers.image.title="lathe-predictor" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      dev.lathe.bundle.digest="${BUNDLE_DIGEST}"
# the last layer, and the only one that a new bundle changes: bundle/ and the gate's report.json
ARG MODEL=artifacts/image
COPY ${MODEL} /srv/model

FROM uv AS training-environment
RUN --mount=type=secret,id=ca \
    if [ -s /run/secrets/ca ]; then export SSL_CERT_FILE=/run/secrets/ca; fi; \
    /opt/uv/bin/uv sync --quiet --locked --no-default-groups --group training --group predictor
COPY contract contract
COPY app app
COPY cli cli
COPY training training
COPY .ci/compile_imported.py /tmp/
RUN chmod -R u=rwX,go=rX contract cli app training && \
    /opt/venv/bin/python -I /tmp/compile_imported.py training.__main__ training.cli training.local.stages

# hadolint ignore=DL3006
FROM ${BASE_IMAGE} AS training
COPY --from=training-environment /opt/venv /opt/venv
COPY --from=training-environment /srv/contract /srv/contract
COPY --from=training-environment /srv/app /srv/app
COPY --from=training-environment /srv/cli /srv/cli
COPY --from=training-environment /srv/training /srv/training
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ORT_DISABLE_TELEMETRY=1 PYTHONPATH=/srv HOME=/tmp
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["/opt/venv/bin/python", "-m", "training"]
ARG VERSION=v0.0.0
ARG REVISION=unknown
ARG SOURCE=https://github.com/lathe-ml/lathe
LABEL org.opencontainers.image.title="lathe-training" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"

FROM uv AS monitor-environment
RUN --mount=type=secret,id=ca \
    if [ -s /run/secrets/ca ]; then export SSL_CERT_FILE=/run/secrets/ca; fi; \
    /opt/uv/bin/uv sync --quiet --locked --no-default-groups --group monitor --group buckets
COPY contract contract
COPY app/__init__.py app/__init__.py
COPY app/monitor app/monitor
COPY cli cli
COPY gitops/components/monitoring/objectives.yaml gitops/components/monitoring/objectives.yaml
COPY .ci/compile_imported.py /tmp/
RUN chmod -R u=rwX,go=rX contract cli app gitops && \
    DO_NOT_TRACK=1 /opt/venv/bin/python -I /tmp/compile_imported.py app.monitor.cli app.monitor.reports.job app.monitor.reports.evidently_adapter

# hadolint ignore=DL3006
FROM ${BASE_IMAGE} AS monitor
COPY --from=monitor-environment /opt/venv /opt/venv
COPY --from=monitor-environment /srv/contract /srv/contract
COPY --from=monitor-environment /srv/app /srv/app
COPY --from=monitor-environment /srv/cli /srv/cli
# the limits of drift and the promises of a load test, as the alerts have them
COPY --from=monitor-environment /srv/gitops /srv/gitops
# Evidently would tell its maker of every report, and write a name for this machine into HOME
ENV DO_NOT_TRACK=1 HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv
USER 65532:65532
ENTRYPOINT ["/opt/venv/bin/python", "-m", "app.monitor"]
ARG VERSION=v0.0.0
ARG REVISION=unknown
ARG SOURCE=https://github.com/lathe-ml/lathe
LABEL org.opencontainers.image.title="lathe-monitor" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
