# Two stages: one that builds, one that holds the host, its plugins and the libraries they need, and nothing else.
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
      g++ cmake ninja-build pkg-config libpistache-dev rapidjson-dev libssl-dev libcurl4-openssl-dev libyaml-cpp-dev \
      libsqlite3-dev libspdlog-dev libcli11-dev prometheus-cpp-dev libexpected-dev zlib1g-dev ca-certificates
WORKDIR /src
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake/ cmake/
COPY plugin-api/ plugin-api/
COPY host/ host/
COPY plugins/ plugins/
RUN cmake --preset release -DMODHOST_TESTS=OFF && cmake --build build/release

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
      libpistache0 libssl3 libcurl4 libyaml-cpp0.7 libsqlite3-0 libspdlog1.10 libprometheus-cpp-core1.0 \
      ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin modhost \
    && install -d -o modhost -g modhost -m 0700 /var/lib/modhost
COPY --from=build /src/build/release/modhost /usr/local/bin/modhost
COPY --from=build /src/build/release/plugins/ /usr/local/lib/modhost/plugins/
# Mount modules.yaml here; it names plugins_dir: /usr/local/lib/modhost/plugins and state_dir: /var/lib/modhost.
WORKDIR /etc/modhost
USER 10001:10001
VOLUME /var/lib/modhost
EXPOSE 8080
# Receiving is what must live; running a plugin is allowed to be slow.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8080/health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["modhost"]
CMD ["run"]
