import { ZodObject, type ZodType } from 'zod'
import type { Changeset } from './changeset'
import type { OperationContext } from './context'
import type { RecordValues, Resource, ValidatorFn } from './tree'

type Given = ZodType | ((...args: never[]) => unknown)

/** `validate` as the config may give it: one for both, or one each. */
export function resolveValidators(given: unknown): Resource['validate'] {
  if (given === undefined) return { create: nothing, update: nothing }
  if (typeof given === 'function' || isZod(given))
    return { create: toValidator(given as Given, 'create'), update: toValidator(given as Given, 'update') }
  const { create, update } = given as { create?: Given; update?: Given }
  return {
    create: create ? toValidator(create, 'create') : nothing,
    update: update ? toValidator(update, 'update') : nothing,
  }
}

const nothing: ValidatorFn = async () => {}

const isZod = (value: unknown): value is ZodType =>
  typeof value === 'object' && value !== null && 'safeParseAsync' in value

function toValidator(given: Given, operation: 'create' | 'update'): ValidatorFn {
  if (isZod(given)) return (_ctx, changeset) => validateByShape(given, changeset, operation)
  const check = given as (ctx: OperationContext, changeset: Changeset, record?: RecordValues) => unknown
  return async (ctx, changeset, record) => {
    await check(ctx, changeset, record)
  }
}

/** An update writes only what changed, so an object shape is asked only about the values that are there. */
async function validateByShape(shape: ZodType, changeset: Changeset, operation: 'create' | 'update'): Promise<void> {
  const asked = operation === 'update' && shape instanceof ZodObject ? shape.partial() : shape
  const result = await asked.safeParseAsync(changeset.values)
  if (result.success) {
    const parsed = result.data as RecordValues
    for (const [field, value] of Object.entries(parsed)) {
      if (field in changeset.values && !Object.is(changeset.values[field], value)) changeset.values[field] = value
    }
    return
  }
  for (const { path, message } of result.error.issues) {
    const field = path.length > 0 ? String(path[0]) : ''
    // A value that could not be read is missing here, and has had its word.
    if (field === '' || !(field in changeset.errors) || field in changeset.values) changeset.addError(field, message)
  }
}
