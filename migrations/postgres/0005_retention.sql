-- Deliveries that became no event are found by this when their time is over; those that did are found by their events.
CREATE INDEX inbound_without_event ON inbound (tenant_id, id) WHERE state IN ('not_handled', 'failed');
