# An image with the executable alone. Build it in a checkout: docker build -t etcdbrctl .
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN make build

# glibc, libstdc++ and CA certificates, and nothing to log in to.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/bin/etcdbrctl /usr/local/bin/etcdbrctl
ENTRYPOINT ["/usr/local/bin/etcdbrctl"]
