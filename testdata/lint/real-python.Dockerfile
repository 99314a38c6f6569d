FROM python AS base
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
FROM base as builder
COPY requirements.txt .
RUN pip install -r requirements.txt
FROM base
COPY --from=builder $VIRTUAL_ENV /venv
CMD python app.py
