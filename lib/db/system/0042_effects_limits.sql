-- Concurrency and rate of a kind over any number of workers. Only adds: a running application tolerates it.

-- Marks due effects of a limited kind as offered: no more than may run (counting what runs and what is offered already)
-- and no more than the rate lets through in any span of per_ms. Dispatchers take turns on the kind's row; one that finds
-- it taken offers nothing and looks again later.
CREATE FUNCTION kontor.offer_limited(
  of_kind text, room int, concurrency int, rate_max int, per_ms int, offer_ms int
) RETURNS TABLE (id uuid, crashes int) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  allowed int := room;
  limits kontor.effect_limits;
  taken uuid[];
BEGIN
  INSERT INTO kontor.effect_limits (kind) VALUES (of_kind) ON CONFLICT (kind) DO NOTHING;
  SELECT * INTO limits FROM kontor.effect_limits l WHERE l.kind = of_kind FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  IF concurrency IS NOT NULL THEN
    limits.offered := array(
      SELECT e.id FROM kontor.effects e WHERE e.id = ANY (limits.offered)
        AND e.status IN ('pending', 'failed') AND e.offered_until >= now());
    allowed := least(allowed, concurrency - cardinality(limits.offered)
      - (SELECT count(*)::int FROM kontor.effects e WHERE e.status = 'running' AND e.kind = of_kind));
  END IF;
  IF rate_max IS NOT NULL THEN
    limits.starts := array(
      SELECT s FROM unnest(limits.starts) s WHERE s > clock_timestamp() - per_ms * interval '1 ms');
    allowed := least(allowed, rate_max - cardinality(limits.starts));
  END IF;
  IF allowed > 0 THEN
    taken := array(
      SELECT e.id FROM kontor.effects e
      WHERE e.kind = of_kind AND e.status IN ('pending', 'failed') AND e.run_at <= now()
        AND (e.offered_until IS NULL OR e.offered_until < now())
      ORDER BY e.run_at LIMIT allowed FOR UPDATE SKIP LOCKED);
    UPDATE kontor.effect_limits l SET
      offered = limits.offered || taken,
      starts = CASE WHEN rate_max IS NULL THEN '{}'
        ELSE limits.starts || array_fill(clock_timestamp(), ARRAY[cardinality(taken)]) END
      WHERE l.kind = of_kind;
    RETURN QUERY UPDATE kontor.effects e SET offered_until = now() + offer_ms * interval '1 ms'
      WHERE e.id = ANY (taken) RETURNING e.id, e.crashes;
  END IF;
END $$;
REVOKE ALL ON FUNCTION kontor.offer_limited(text, int, int, int, int, int) FROM public;
