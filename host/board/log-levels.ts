/** What a board logs, by LogLevel: the most important first. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
