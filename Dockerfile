# An image with the executable and what it needs. Build it in a checkout; `make test-image` does so without an engine, for amd64 and
# arm64. No stage names an architecture.
#
#   docker build -t etcdbrctl --build-arg REVISION="$(git rev-parse HEAD)" .
#   docker buildx build --platform linux/amd64,linux/arm64 …
FROM debian:bookworm-slim AS build
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    binutils ca-certificates gcc git libc6-dev libdeflate-dev make nodejs npm openssl \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN make build

# What the image consists of, put together in /image.
FROM debian:bookworm-slim AS files
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates libstdc++6 \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/bin/etcdbrctl /image/etcdbrctl
COPY --from=build /src/LICENSE /src/bin/etcdbrctl-licenses.txt /src/bin/etcdbrctl-sbom.json /image/usr/share/doc/etcdbrctl/
COPY scripts/image-files.sh /
RUN /image-files.sh /image

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="etcdbrctl" \
  org.opencontainers.image.description="Back up, verify and restore etcd clusters" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
COPY --from=files /image/ /
# HOME is not set here: the runtime takes it from /etc/passwd, so that it is /home/nonroot, and /root where a pod runs as root.
ENV PATH=/usr/local/bin:/usr/bin:/bin
WORKDIR /
USER 65532:65532
ENTRYPOINT ["/etcdbrctl"]
