#pragma once

namespace easel {

// Makes a file of the newest schema one of the schema before it, with what it holds.
inline constexpr char kBackToSchema2[] = R"sql(
  DROP TABLE kept;
  DROP INDEX generations_time;
  DROP INDEX generations_running;
  DROP INDEX generations_ended;
  DROP INDEX generations_remove;
  DROP INDEX generations_expire;
  DROP INDEX generations_image;
  CREATE INDEX generations_caller ON generations (caller, name);
  CREATE INDEX generations_caller_state ON generations (caller, state, name);
  CREATE INDEX generations_caller_model_state ON generations (caller, model, state, name);
  CREATE INDEX generations_caller_time ON generations (caller, create_time, name);
  CREATE INDEX generations_running ON generations (name) WHERE state < 5;
  CREATE INDEX generations_image ON generations (image_digest, image_bytes) WHERE image_digest IS NOT NULL;
  CREATE INDEX generations_remove ON generations (remove_time, name) WHERE state >= 5;
  CREATE INDEX generations_expire ON generations (expire_time, name) WHERE state >= 5 AND image_digest IS NOT NULL;
  CREATE INDEX generations_end ON generations (end_time, name) WHERE state >= 5 AND image_digest IS NOT NULL;
  PRAGMA user_version=2;
)sql";

inline constexpr char kBackToSchema1[] = R"sql(
  DROP INDEX generations_remove;
  DROP INDEX generations_expire;
  DROP INDEX generations_end;
  DROP INDEX generations_image;
  ALTER TABLE generations DROP COLUMN remove_time;
  CREATE INDEX generations_image ON generations (image_digest) WHERE image_digest IS NOT NULL;
  PRAGMA user_version=1;
)sql";

}  // namespace easel
