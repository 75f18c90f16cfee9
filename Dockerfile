# The image that docker-compose.yml runs, made from the same locks as .venv and the same assets as make run.

FROM node:22-bookworm-slim AS modules
WORKDIR /amends
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts

FROM python:3.11-slim-bookworm
RUN apt-get update -qq \
    && apt-get install -y -q --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
        fonts-droid-fallback fonts-noto-core fonts-noto-color-emoji \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /amends
ENV PATH=/amends/.venv/bin:$PATH PYTHONUNBUFFERED=1

# The packages before the code, so that a change of code does not fetch them again.
COPY requirements-uv.txt requirements.txt ./
RUN python -m venv .venv \
    && pip install --quiet --no-cache-dir --require-hashes -r requirements-uv.txt \
    && uv pip install --quiet --no-cache --compile-bytecode --require-hashes -r requirements.txt

COPY pyproject.toml ./
COPY .ci/assets .ci/assets
COPY migrations migrations
COPY templates templates
COPY service service
COPY --from=modules /amends/node_modules node_modules
RUN uv pip install --quiet --no-cache --no-deps --no-build-isolation --editable . \
    && python .ci/assets \
    && rm -rf node_modules \
    && useradd --system --uid 10001 amends \
    && install -d -o amends var

USER amends
EXPOSE 8000
CMD ["amends", "serve", "--host", "0.0.0.0"]
