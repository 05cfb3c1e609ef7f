-- A tenant's revision grows with whatever its work reads for each event: plan and state, gateways, installs, and what is bound to what.
-- Who works for a tenant reads its row and keeps the rest by the revision that stands there. What counts deliveries and failures changes
-- with every event, and is not part of it.

ALTER TABLE tenants ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;

CREATE FUNCTION raise_own_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := OLD.revision + 1;
    RETURN NEW;
END $$;

CREATE FUNCTION raise_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE tenants SET revision = revision + 1 WHERE id = OLD.tenant_id;
    ELSE
        UPDATE tenants SET revision = revision + 1 WHERE id = NEW.tenant_id;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER tenants_revision BEFORE UPDATE OF name, plan, state, closes_at ON tenants
    FOR EACH ROW EXECUTE FUNCTION raise_own_revision();

CREATE TRIGGER gateways_made_revision AFTER INSERT OR DELETE ON gateways
    FOR EACH ROW EXECUTE FUNCTION raise_revision();
CREATE TRIGGER gateways_changed_revision AFTER UPDATE OF tenant_id, kind, name, config, credentials, webhook_secret, enabled, status,
    trouble, account ON gateways
    FOR EACH ROW EXECUTE FUNCTION raise_revision();

CREATE TRIGGER installs_made_revision AFTER INSERT OR DELETE ON installs
    FOR EACH ROW EXECUTE FUNCTION raise_revision();
CREATE TRIGGER installs_changed_revision AFTER UPDATE OF tenant_id, slug, version, digest, state, trouble, config, grants, asked, waits
    ON installs
    FOR EACH ROW EXECUTE FUNCTION raise_revision();

CREATE TRIGGER install_gateways_revision AFTER INSERT OR UPDATE OR DELETE ON install_gateways
    FOR EACH ROW EXECUTE FUNCTION raise_revision();
