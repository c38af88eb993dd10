# An image with the executable alone. Build it in a checkout: docker build -t etcdbrctl .
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN make build

# glibc, libstdc++ and CA certificates are all that it needs.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libstdc++6 && rm -rf /var/lib/apt/lists/*
USER 65532:65532
COPY --from=build /src/bin/etcdbrctl /usr/local/bin/etcdbrctl
COPY --from=build /src/LICENSE /src/bin/etcdbrctl-licenses.txt /src/bin/etcdbrctl-sbom.json /usr/share/doc/etcdbrctl/
ENTRYPOINT ["/usr/local/bin/etcdbrctl"]
