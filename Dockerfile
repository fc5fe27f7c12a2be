# One image for every process; the command chooses which. Debian, because Temporal's native part needs glibc.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY activities ./activities
COPY workflows ./workflows
COPY src ./src
# Compiles, and bundles the workflows ahead with the very version of the worker that will run them.
RUN npm run build

FROM node:22-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force

FROM node:22-bookworm-slim
# The worker's native part takes the certificates of the system, which the slim image lacks.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && install --directory --owner=node --group=node /var/lib/simulator
ENV NODE_ENV=production \
  NODE_OPTIONS=--max-semi-space-size=64 \
  HOST=0.0.0.0 \
  WORKFLOW_BUNDLE=/app/dist/workflow-bundle.js
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The migrator reads the SQL files from where the package ships them, which it finds by package.json.
COPY src/adapters/postgres/migrations ./src/adapters/postgres/migrations
COPY package.json LICENSE ./
USER node
EXPOSE 3000 3001 3002 3003
CMD ["node", "dist/src/apps/ingress/main.js"]
