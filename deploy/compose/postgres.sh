#!/usr/bin/env bash
# Run by PostgreSQL's image on an empty data folder: a role and a database for each
# service, which no other role but the superuser may enter.

set -euo pipefail

for service in scheduling audit licensing notification; do
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set "service=$service" --set "password=$(cat "/run/secrets/$service-database-password")" <<'SQL'
create role :"service" login password :'password';
create database :"service" owner :"service";
revoke all on database :"service" from public;
SQL
done

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --command 'revoke all on database postgres, template1 from public'
