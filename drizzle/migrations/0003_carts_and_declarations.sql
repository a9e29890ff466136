-- Carts with their lines, which vanish, and allergen declarations, which keep every version: `migrate -- --tables` makes
-- the first unlogged and sets up what keeps the second. A running application tolerates it: the tables are new.
CREATE TABLE "shop"."cart_lines" (
	"cart_id" uuid NOT NULL,
	"line_no" smallint NOT NULL,
	"product_id" integer NOT NULL,
	"quantity" integer DEFAULT 1 NOT NULL,
	"unit_price" numeric(10, 2) NOT NULL,
	"amount" numeric(12, 2) GENERATED ALWAYS AS (quantity * unit_price) STORED NOT NULL,
	"touched_at" timestamp with time zone DEFAULT now() NOT NULL,
	"lives_until" timestamp with time zone,
	"expires_at" timestamp with time zone,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "cart_lines_cart_id_line_no_pk" PRIMARY KEY("cart_id","line_no"),
	CONSTRAINT "cart_lines_quantity_positive" CHECK ("shop"."cart_lines"."quantity" > 0),
	CONSTRAINT "cart_lines_unit_price_not_negative" CHECK ("shop"."cart_lines"."unit_price" >= 0)
);
--> statement-breakpoint
CREATE TABLE "shop"."carts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"code" text NOT NULL,
	"customer_id" bigint,
	"channel" "shop"."order_channel" DEFAULT 'web' NOT NULL,
	"total" numeric(12, 2) DEFAULT '0' NOT NULL,
	"note" text,
	"touched_at" timestamp with time zone DEFAULT now() NOT NULL,
	"lives_until" timestamp with time zone,
	"expires_at" timestamp with time zone,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "carts_code_unique" UNIQUE("code"),
	CONSTRAINT "carts_total_not_negative" CHECK ("shop"."carts"."total" >= 0)
);
--> statement-breakpoint
CREATE TABLE "catalogue"."allergen_declarations" (
	"entry_id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"entry_version" integer DEFAULT null NOT NULL,
	"deleted" boolean DEFAULT false NOT NULL,
	"inserted_at" timestamp with time zone DEFAULT null NOT NULL,
	"version_at" timestamp with time zone DEFAULT null NOT NULL,
	"version_by" text DEFAULT null NOT NULL,
	"version_source" text DEFAULT null NOT NULL,
	"version_reason" text,
	"number" text NOT NULL,
	"product_id" integer NOT NULL,
	"contains" text[] DEFAULT '{}' NOT NULL,
	"traces" text[] DEFAULT '{}' NOT NULL,
	"statement" text
);
--> statement-breakpoint
CREATE TABLE "catalogue"."allergen_declarations_current" (
	"entry_id" uuid PRIMARY KEY NOT NULL,
	"entry_version" integer DEFAULT null NOT NULL,
	"deleted" boolean DEFAULT false NOT NULL,
	"inserted_at" timestamp with time zone DEFAULT null NOT NULL,
	"version_at" timestamp with time zone DEFAULT null NOT NULL,
	"version_by" text DEFAULT null NOT NULL,
	"version_source" text DEFAULT null NOT NULL,
	"version_reason" text,
	"number" text NOT NULL,
	"product_id" integer NOT NULL,
	"contains" text[] DEFAULT '{}' NOT NULL,
	"traces" text[] DEFAULT '{}' NOT NULL,
	"statement" text,
	CONSTRAINT "allergen_declarations_current_number_unique" UNIQUE("number"),
	CONSTRAINT "allergen_declarations_current_product_id_unique" UNIQUE("product_id")
);
--> statement-breakpoint
ALTER TABLE "shop"."cart_lines" ADD CONSTRAINT "cart_lines_cart_id_carts_id_fk" FOREIGN KEY ("cart_id") REFERENCES "shop"."carts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shop"."cart_lines" ADD CONSTRAINT "cart_lines_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "catalogue"."products"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shop"."carts" ADD CONSTRAINT "carts_customer_id_customers_id_fk" FOREIGN KEY ("customer_id") REFERENCES "shop"."customers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "catalogue"."allergen_declarations_current" ADD CONSTRAINT "allergen_declarations_current_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "catalogue"."products"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "cart_lines_product_id_index" ON "shop"."cart_lines" USING btree ("product_id");--> statement-breakpoint
CREATE INDEX "carts_customer_id_index" ON "shop"."carts" USING btree ("customer_id");