# The agent alone: bring conf.d and templates, and the programs that check_cmd and reload_cmd call.
#
#   docker build -t confd .
#   docker run -v $PWD/conf.d:/etc/confd/conf.d -v $PWD/templates:/etc/confd/templates -v /srv/out:/out \
#     confd -backend etcd -node http://10.0.0.1:2379 -watch

# The digest is what counts: whoever moves the tag moves both.
ARG NODE=node:20.20.2-bookworm-slim@sha256:2cf067cfed83d5ea958367df9f966191a942351a2df77d6f0193e162b5febfc0

FROM $NODE AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN npm run build

FROM $NODE
RUN apt-get update \
    && apt-get install -y --no-install-recommends tini ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/package.json /opt/confd/package.json
COPY --from=build /build/dist /opt/confd/dist
COPY bin /opt/confd/bin
COPY LICENSE /opt/confd/LICENSE
RUN ln -s /opt/confd/bin/confd /opt/confd/bin/mini-etcd /opt/confd/bin/confd-watch /usr/local/bin/ \
    && mkdir -p /etc/confd/conf.d /etc/confd/templates \
    && chown -R node:node /etc/confd
# A first run, so that every container starts with the compile cache (docs/running.md).
RUN cd "$(mktemp -d)" && mkdir conf.d templates && echo '{{getv "/home"}}' > templates/a \
    && printf '[template]\nsrc = "a"\ndest = "%s/out"\nkeys = ["/home"]\n' "$PWD" > conf.d/a.toml \
    && /opt/confd/bin/confd -onetime -backend env -confdir . -state-dir '' && rm -r "$PWD"
USER node
WORKDIR /etc/confd

# The container ends with the agent. What is left to notice from outside is an agent that is stopped or stuck in the
# kernel, so neither running nor sleeping: tini is process 1, the agent its first child.
HEALTHCHECK --interval=30s --timeout=5s --retries=3 \
    CMD agent=$(cut -d' ' -f1 /proc/1/task/1/children) && grep -q '^State:\s*[RS]' "/proc/$agent/status"

# tini reaps what commands leave behind and passes signals on to the agent.
ENTRYPOINT ["/usr/bin/tini", "--", "confd"]
