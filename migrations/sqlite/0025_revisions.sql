-- A tenant's revision grows with whatever its work reads for each event: plan and state, gateways, installs, and what is bound to what.
-- Who works for a tenant reads its row and keeps the rest by the revision that stands there. What counts deliveries and failures changes
-- with every event, and is not part of it.

ALTER TABLE tenants ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;

CREATE TRIGGER tenants_revision AFTER UPDATE OF name, plan, state, closes_at ON tenants BEGIN
    UPDATE tenants SET revision = revision + 1 WHERE id = NEW.id;
END;

CREATE TRIGGER gateways_made_revision AFTER INSERT ON gateways BEGIN
    UPDATE tenants SET revision = revision + 1 WHERE id = NEW.tenant_id;
END;
CREATE TRIGGER gateways_changed_revision AFTER UPDATE OF tenant_id, kind, name, config, credentials, webhook_secret, enabled, status,
    trouble, account ON gateways BEGIN
    UPDATE tenants SET revision = revision + 1 WHERE id = NEW.tenant_id;
END;
CREATE TRIGGER gateways_removed_revision AFTER DELETE ON gateways BEGIN
    UPDATE tenants SET revision = revision + 1 WHERE id = OLD.tenant_id;
END;

CREATE TRIGGER installs_made_revision AFTER INSERT ON installs BEGIN
    UPDATE tenants SET revision = revision + 1 WHERE id = NEW.tenant_id;
END;
CREATE TRIGGER installs_changed_revision AFTER UPDATE OF tenant_id, slug, version, digest, state, trouble, config, grants, asked, waits
    ON installs BEGIN
    UPDATE tenants SET revision = revision + 1 WHERE id = NEW.tenant_id;
END;
CREATE TRIGGER installs_removed_revision AFTER DELETE ON installs BEGIN
    UPDATE tenants SET revision = revision + 1 WHERE id = OLD.tenant_id;
END;

CREATE TRIGGER install_gateways_made_revision AFTER INSERT ON install_gateways BEGIN
    UPDATE tenants SET revision = revision + 1 WHERE id = NEW.tenant_id;
END;
CREATE TRIGGER install_gateways_changed_revision AFTER UPDATE ON install_gateways BEGIN
    UPDATE tenants SET revision = revision + 1 WHERE id = NEW.tenant_id;
END;
CREATE TRIGGER install_gateways_removed_revision AFTER DELETE ON install_gateways BEGIN
    UPDATE tenants SET revision = revision + 1 WHERE id = OLD.tenant_id;
END;
