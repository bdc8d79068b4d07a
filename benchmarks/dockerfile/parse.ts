import { lint, parseDockerfile } from '@varve/dockerfile';
import { compare, report } from './measure.js';

/** Reading 10,000 lines, against splitting the same text into trimmed lines and words. */

const block = `
# the next part
FROM debian:bookworm-slim AS stage
ARG VERSION=1.2.3 BUILD_DATE
ENV PATH=/opt/tool/bin:$PATH LANG="C.UTF-8" \\
    EDITOR=vi
LABEL org.example.version="$VERSION" org.example.name='tool'
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \\
    apt-get update && \\
    # packages, one a line
    apt-get install -y --no-install-recommends \\
      ca-certificates \\
      curl && \\
    rm -rf /var/lib/apt/lists/*
COPY --chown=1000:1000 --link package.json package-lock.json /app/
COPY <<EOF /etc/tool.conf
name = $VERSION
path = /opt/tool
EOF
WORKDIR /app
EXPOSE 8080 8443/tcp
HEALTHCHECK --interval=30s CMD curl -f http://localhost:8080/ || exit 1
ENTRYPOINT ["/opt/tool/bin/tool", "--config", "/etc/tool.conf"]
`;
const repeats = Math.ceil(10_000 / (block.split('\n').length - 1));
const text = Array.from({ length: repeats }, (_, index) => block.replace('AS stage', `AS stage${index}`)).join('');

const parsing = compare({
  name: `parse ${text.split('\n').length - 1} lines`,
  work: () => parseDockerfile(text),
  baseline: () => text.split('\n').map(line => line.trim().split(/\s+/)),
  rounds: 15,
});
const file = parseDockerfile(text);
const linting = compare({
  name: 'lint the same (baseline: parse)',
  work: () => lint(file, { base: () => ({ env: {} }) }),
  baseline: () => parseDockerfile(text),
  rounds: 5,
});
report([parsing, linting]);
