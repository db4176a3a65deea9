FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /srv/backscroll

# The locked set first: it changes less often than the code, and stays in the build's cache.
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock

COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
    && useradd --system --uid 10001 backscroll \
    && install --directory --owner backscroll --mode 700 /var/lib/backscroll
USER backscroll

EXPOSE 8080
CMD ["gunicorn", "web:create_app()"]
