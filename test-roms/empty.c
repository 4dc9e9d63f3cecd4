/* What guest_option() compiles. */
int nothing;
