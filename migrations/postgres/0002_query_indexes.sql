-- Queues are looked at again and again while they are long, and these rows carry large bodies: everything that the
-- dispatcher and the queue limit ask for stands in the index itself. (Rows of executions are small.)

DROP INDEX inbound_queue;
CREATE INDEX inbound_queue ON inbound (tenant_id, id, state, gateway_id, next_at) WHERE state = 'waiting';
DROP INDEX effects_queue;
CREATE INDEX effects_queue ON effects (tenant_id, id, state, lane, next_at) WHERE state = 'waiting';

-- What is rare among many: without an index of their own, failures and what runs would be found by reading every execution.

CREATE INDEX executions_failed ON executions (tenant_id, id) WHERE state = 'failed';
CREATE INDEX executions_install_failed ON executions (install_id, id) WHERE state = 'failed';
CREATE INDEX executions_running ON executions (tenant_id, id) WHERE state = 'running';
